//! The life of a worker under thousands of seeded orders of whatever can happen.

mod order;
mod truth;
mod world;
