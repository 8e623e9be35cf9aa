//! gradus
#![cfg_attr(docsrs, feature(doc_cfg))]

pub use typenum;

#[cfg(feature = "catalogue")]
pub mod catalogue;
pub mod cpu;
pub mod device;
pub mod dtype;
pub mod error;
pub mod guide;
pub mod hyperparameter;
pub mod optimizer;
pub mod random;
pub mod real;
pub mod rule;
pub mod shape;
pub mod store;
#[cfg(feature = "testing")]
pub mod testing;
pub mod transform;
