//! The pure verdicts.
#![no_std]
extern crate alloc;
