use super::*;

#[test]
fn a_file_is_compared_with_the_step_that_it_is_run_like() {
    let workspace = Workspace::load().unwrap();
    let file = std::env::current_exe().unwrap().display().to_string();
    let from = |like: Option<&str>| {
        let choice = Choice {
            names: vec![file.clone()],
            like: like.map(str::to_owned),
            ..Choice::default()
        };
        choice.named(&workspace).unwrap()[0].from.clone()
    };
    assert_eq!(from(Some("05")).as_deref(), Some("05-elasticache"));
    assert_eq!(from(None), None);

    let choice = Choice {
        names: vec![format!("{file}=07")],
        ..Choice::default()
    };
    let alone = choice.named(&workspace).unwrap().remove(0);
    assert_eq!((alone.name, alone.memory_mb), (file, 1024));
    assert_eq!(alone.from.as_deref(), Some("07-memory"));
}

/// A function with this `function.toml` in a folder called `name`.
fn function(name: &str, described: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join(name);
    lab_workspace::own_function::create(&own).unwrap();
    std::fs::write(own.join("function.toml"), described).unwrap();
    (folder, own.display().to_string())
}

#[test]
fn a_function_stands_beside_the_floor_of_its_size_or_one_of_its_own() {
    let workspace = Workspace::load().unwrap();
    let (_one, small) = function("small", "memory = 128");
    let (_two, large) = function("large", "memory = 1024");
    let (_three, empty) = function("empty", "");
    let names = |floor: Option<&str>, memory_mb, names: &[&String]| {
        let choice = Choice {
            names: names.iter().map(ToString::to_string).collect(),
            floor: floor.map(str::to_owned),
            memory_mb,
            ..Choice::default()
        };
        let targets = choice.targets(&workspace).unwrap();
        let told = targets
            .iter()
            .map(|it| format!("{} {}", it.name, it.memory_mb));
        told.collect::<Vec<_>>().join(", ")
    };
    assert_eq!(
        names(None, None, &[&small, &large]),
        "small 128, large 1024, floor-128-mb 128, floor-1024-mb 1024"
    );
    assert_eq!(names(None, Some(512), &[&small]), "small 512, floor 512");
    assert_eq!(names(Some(&empty), None, &[&small]), "small 128, empty 128");
    let with_step = names(None, None, &[&small, &"floor".to_owned()]);
    assert_eq!(with_step, "floor 256, small 128, floor-128-mb 128");
}

#[test]
fn two_functions_of_one_name_are_refused_and_one_twice_is_one() {
    let workspace = Workspace::load().unwrap();
    let (_one, a) = function("orders", "");
    let (_two, b) = function("orders", "");
    let named = |names: [&String; 2]| {
        let choice = Choice {
            names: names.map(Clone::clone).into(),
            ..Choice::default()
        };
        (choice.named(&workspace), choice.targets(&workspace))
    };
    let (in_order, all) = named([&a, &b]);
    for error in [in_order.unwrap_err(), all.unwrap_err()] {
        let error = error.to_string();
        assert!(error.contains("are both called orders: name = "), "{error}");
    }
    assert_eq!(named([&a, &a]).0.unwrap().len(), 1);
}

#[test]
fn the_folder_of_a_step_is_that_step() {
    let workspace = Workspace::load().unwrap();
    let folder = workspace.step("05").unwrap().folder.display().to_string();
    let choice = Choice {
        names: vec![folder],
        ..Choice::default()
    };
    assert_eq!(choice.named(&workspace).unwrap()[0].name, "05-elasticache");
}

#[test]
fn a_room_always_measures_the_floor() {
    let workspace = Workspace::load().unwrap();
    let measured = |in_a_room| {
        let choice = Choice {
            names: vec!["aside-no-cache".to_owned()],
            in_a_room,
            ..Choice::default()
        };
        let targets = choice.targets(&workspace).unwrap();
        targets.iter().any(|target| target.name == FLOOR)
    };
    assert!(measured(true));
    assert!(
        !measured(false),
        "its floor is the bare one, as that of 12, which it is measured beside"
    );
}
