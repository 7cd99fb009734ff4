//! `parley`: the command line of whoever runs a Parley.

fn main() {}
