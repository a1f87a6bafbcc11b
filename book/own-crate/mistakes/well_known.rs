//! A mistake: a well-known type without its crate.
//!
//! says: cannot find module or crate `prost_types` || use of unresolved module or unlinked crate `prost_types`

fn main() {
    let _ = prost_types::Timestamp::default();
}
