//! What template and code must agree on, and what a delivered order may cost. No AWS is needed.

mod cost;
mod deployment;
mod flows;
mod hardening;
mod numbers;
mod operator;
mod roles;
mod schedule;
