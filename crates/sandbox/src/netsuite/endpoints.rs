//! The calls that are simulated, under the names that fault rules and counters have for them. A rule's `subject`
//! is the record's external id, where the call tells it or the record has one.

crate::faults::endpoints! { "netsuite";
    /// `POST /services/rest/auth/oauth2/v1/token`
    TOKEN = "token",
    /// `POST /services/rest/record/v1/{type}`
    CREATE = "create",
    /// `GET /services/rest/record/v1/{type}/{id}`
    READ = "read",
    /// `PATCH /services/rest/record/v1/{type}/{id}`
    UPDATE = "update",
    /// `PUT /services/rest/record/v1/{type}/eid:{external id}`
    UPSERT = "upsert",
    /// `POST /services/rest/query/v1/suiteql`
    QUERY = "query",
    /// `POST /app/site/hosting/restlet.nl`
    RESTLET = "restlet",
    /// `DELETE /services/rest/record/v1/{type}/{id}`
    DELETE = "delete",
    /// `POST /services/rest/record/v1/salesOrder/{id}/!transform/itemFulfillment`
    TRANSFORM = "transform",
    /// `GET /services/rest/record/v1/metadata-catalog/{type}`
    CATALOG = "catalog",
    /// `GET /services/rest/system/v1/governanceLimits`
    LIMITS = "limits",
}
