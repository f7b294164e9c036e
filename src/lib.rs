//! dosd.
