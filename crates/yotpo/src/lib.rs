//! Yotpo's APIs in Yotpo's words: tokens, purchases
