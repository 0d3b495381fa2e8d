//! The calls that are simulated, under the names that fault rules and counters have for them.

crate::faults::endpoints! { "yotpo";
    /// `POST /oauth/token`
    TOKEN = "token",
    /// `POST /apps/{app_key}/purchases`
    CREATE = "create",
    /// `POST /apps/{app_key}/purchases/mass_create.json`
    MASS_CREATE = "mass_create",
    /// `GET /apps/{app_key}/purchases`
    READ = "read",
}
