//! Which CPUs the function's processes and the lab itself run on.
//!
//! A Lambda environment below 3,009 MiB sees two vCPUs, and a runtime sizes its thread pool by what it sees. So every
//! process of an environment is bound to two CPUs; where the machine has more, the lab keeps away from them.

use std::sync::{Arc, Mutex};

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
    /// How many environments use each set of CPUs now.
    in_use: Arc<Mutex<Vec<usize>>>,
}

/// The CPUs of one environment, for as long as it holds this.
#[derive(Debug)]
pub(crate) struct Lease {
    pub(crate) cpus: CpuSet,
    index: usize,
    in_use: Arc<Mutex<Vec<usize>>>,
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.in_use.lock().expect("no holder of this lock panics")[self.index] -= 1;
    }
}

impl Placement {
    /// Deals out the CPUs that this process may use; each environment sees `visible` of them.
    pub fn of_this_machine(visible: usize) -> Self {
        Self::of(allowed_cpus(), visible)
    }

    fn of(allowed: Vec<usize>, visible: usize) -> Self {
        let (lab, functions) = if allowed.len() > visible {
            // One CPU for the lab's loop and one for the backing services, as soon as two are left.
            let own = if allowed.len() >= visible + 2 { 2 } else { 1 };
            (allowed[..own].to_vec(), allowed[own..].to_vec())
        } else {
            (allowed.clone(), allowed)
        };
        Self::new(lab, functions, visible)
    }

    /// The lab on these CPUs and the environments on those, `visible` of them each.
    pub fn new(lab: Vec<usize>, functions: Vec<usize>, visible: usize) -> Self {
        let sets = (functions.len() / visible).max(1);
        Self {
            lab,
            functions,
            visible,
            in_use: Arc::new(Mutex::new(vec![0; sets])),
        }
    }

    /// All CPUs that are dealt out, in ascending order.
    pub fn all(&self) -> Vec<usize> {
        let all: std::collections::BTreeSet<usize> =
            self.lab.iter().chain(&self.functions).copied().collect();
        all.into_iter().collect()
    }

    /// True where function and lab have CPUs of their own.
    pub fn is_apart(&self) -> bool {
        self.lab.iter().all(|cpu| !self.functions.contains(cpu))
    }

    /// The CPUs for a new environment: those that the fewest environments use. Environments that follow each other get the
    /// same ones, so that no step is measured on better CPUs than another.
    pub(crate) fn lease(&self) -> Lease {
        let mut in_use = self.in_use.lock().expect("no holder of this lock panics");
        let (index, _) = in_use
            .iter()
            .enumerate()
            .min_by_key(|(_, users)| **users)
            .expect("there is one set at least");
        in_use[index] += 1;
        let cpus = self
            .functions
            .iter()
            .skip(index * self.visible)
            .take(self.visible);
        Lease {
            cpus: cpu_set(cpus),
            index,
            in_use: Arc::clone(&self.in_use),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn placement(functions: Vec<usize>) -> Placement {
        Placement::new(vec![0], functions, 2)
    }

    #[test]
    fn from_one_cpu_to_very_many_everybody_has_some() {
        for (count, lab, sets) in [
            (1, 1, 1),
            (2, 2, 1),
            (3, 1, 1),
            (4, 2, 1),
            (8, 2, 3),
            (64, 2, 31),
        ] {
            let placement = Placement::of((0..count).collect(), 2);
            assert_eq!(placement.lab.len(), lab, "{count} CPUs");
            assert_eq!(placement.is_apart(), count > 2, "{count} CPUs");
            let leases: Vec<Lease> = (0..sets).map(|_| placement.lease()).collect();
            for cpu in placement.functions.iter().take(2 * sets) {
                let users = leases
                    .iter()
                    .filter(|lease| lease.cpus.is_set(*cpu).unwrap());
                assert_eq!(users.count(), 1, "CPU {cpu} of {count}");
            }
        }
    }

    #[test]
    fn environments_share_cpus_only_when_there_are_no_others() {
        let placement = placement(vec![2, 3, 4, 5]);
        let on = |lease: &Lease, cpu| lease.cpus.is_set(cpu).unwrap();
        let first = placement.lease();
        let second = placement.lease();
        assert!(on(&first, 2) && on(&first, 3) && !on(&first, 4));
        assert!(on(&second, 4) && on(&second, 5) && !on(&second, 2));
        drop(first);
        assert!(
            on(&placement.lease(), 2),
            "one after the other, they get the same"
        );
        drop(second);
        assert!(on(&placement.lease(), 2));
    }
}
