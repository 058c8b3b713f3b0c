mod stubs;
mod table;
mod trees;

use recipe::testing::tree;

use super::*;
