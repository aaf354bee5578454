//! One consistent backup of a CloudFormation stack's DB cluster and EFS file system.
//!
//! Table of contents, bottom up; an arrow never points back:
//!
//! `model` (nouns) ← `plan` (verdicts) ← `engine` (the machine) ← `world` (the door) ← `aws` (the
//! adapter), and `cli` and `lambda` on top. `model`, `plan` and `engine` know no clock, SDK, environment, async or
//! printing.
//!
//! "Rule 1" to "rule 6" in comments are those of the offline protocol in ARCHITECTURE.md.

pub mod aws;
pub mod cli;
pub mod config;
pub mod engine;
pub mod lambda;
pub mod model;
pub mod plan;
pub mod world;
