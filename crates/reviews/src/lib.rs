//! The reviews flow: completed Salesforce orders become Yotpo purchases
