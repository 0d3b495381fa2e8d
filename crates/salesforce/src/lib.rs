//! Salesforce's REST API in Salesforce's words: tokens, SOQL queries, describe, limits
