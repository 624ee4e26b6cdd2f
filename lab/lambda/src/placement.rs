//! Which CPUs the function's processes and the lab itself run on.
//!
//! A Lambda environment below 3,009 MiB sees two vCPUs, and a runtime sizes its thread pool by what it sees. So every
//! process of an environment is bound to two CPUs; where the machine has more, the lab keeps away from them.

use std::sync::atomic::{AtomicUsize, Ordering};

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

/// The CPUs of this machine, dealt out.
#[derive(Debug)]
pub struct Placement {
    /// The CPUs that the lab keeps for itself.
    lab: Vec<usize>,
    /// The CPUs that the environments use, two at a time.
    functions: Vec<usize>,
    /// How many of them one environment sees.
    visible: usize,
    next: AtomicUsize,
}

impl Placement {
    /// Deals out the CPUs that this process may use; each environment sees `visible` of them.
    pub fn of_this_machine(visible: usize) -> Self {
        let allowed = allowed_cpus();
        let (lab, functions) = if allowed.len() > visible {
            // One CPU for the lab's loop and one for the neighbours, as soon as two are left.
            let kept = if allowed.len() >= visible + 2 { 2 } else { 1 };
            (allowed[..kept].to_vec(), allowed[kept..].to_vec())
        } else {
            (allowed.clone(), allowed)
        };
        Self {
            lab,
            functions,
            visible,
            next: AtomicUsize::new(0),
        }
    }

    /// True where function and lab have CPUs of their own.
    pub fn is_apart(&self) -> bool {
        self.lab.iter().all(|cpu| !self.functions.contains(cpu))
    }

    /// The {} CPUs of the next environment: the same pair for all while one environment runs at a time.
    pub(crate) fn next_pair(&self) -> CpuSet {
        let pairs = (self.functions.len() / self.visible).max(1);
        let pair = self.next.fetch_add(1, Ordering::Relaxed) % pairs;
        cpu_set(
            self.functions
                .iter()
                .skip(pair * self.visible)
                .take(self.visible),
        )
    }

    /// Binds the calling thread, and every thread and process that it starts from now on, to the lab's CPUs.
    pub fn bind_this_thread(&self) -> nix::Result<()> {
        sched_setaffinity(Pid::from_raw(0), &cpu_set(self.lab.iter()))
    }

    /// One line for the results: who runs where.
    pub fn describe(&self) -> String {
        if self.is_apart() {
            format!(
                "function on {} CPUs of {:?}, lab on {:?}",
                self.visible, self.functions, self.lab
            )
        } else {
            format!("function and lab share {} CPU(s)", self.lab.len())
        }
    }
}

fn allowed_cpus() -> Vec<usize> {
    let set = sched_getaffinity(Pid::from_raw(0)).unwrap_or_else(|_| CpuSet::new());
    let cpus: Vec<usize> = (0..CpuSet::count())
        .filter(|cpu| set.is_set(*cpu).unwrap_or(false))
        .collect();
    if cpus.is_empty() { vec![0] } else { cpus }
}

fn cpu_set<'a>(cpus: impl Iterator<Item = &'a usize>) -> CpuSet {
    let mut set = CpuSet::new();
    for cpu in cpus {
        // Only numbers below CpuSet::count() are ever collected.
        let _ = set.set(*cpu);
    }
    set
}
