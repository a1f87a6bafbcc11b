//! tests of explain
