//! The commands, one a module.

mod aws;
pub mod compare;
pub mod doctor;
mod faults;
<<<<<<< HEAD
pub mod load;
=======
pub mod new;
>>>>>>> wt-tools
mod output;
mod ready;
pub mod run;
<<<<<<< HEAD
pub mod serve;
=======
pub mod trace;
pub mod tune;
>>>>>>> wt-tools
