//! The calls that are simulated, under the names that fault rules and counters have for them.

crate::faults::endpoints! { "salesforce";
    /// `POST /services/oauth2/token`
    TOKEN = "token",
    /// `GET /services/data/`
    VERSIONS = "versions",
    /// `GET /services/data/vXX.0/query?q=`
    QUERY = "query",
    /// `GET /services/data/vXX.0/query/{locator}`, outer or nested
    NEXT = "next",
    /// `GET /services/data/vXX.0/sobjects/{name}/describe`
    DESCRIBE = "describe",
    /// `GET /services/data/vXX.0/limits`
    LIMITS = "limits",
    /// `PATCH /services/data/vXX.0/composite/sobjects`
    UPDATE = "update",
    /// `PATCH /services/data/vXX.0/composite/sobjects/{name}/{field}`
    UPSERT = "upsert",
}
