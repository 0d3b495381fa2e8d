//! End to end, and the rules of the design as tests. One package, one binary.

#[cfg(test)]
mod arrows;
