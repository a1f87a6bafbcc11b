//! Clients against servers that fail them.
