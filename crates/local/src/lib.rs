//! The whole stack on one machine: emulator, sandbox, functions built and deployed
