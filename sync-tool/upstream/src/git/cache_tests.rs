use std::ffi::OsString;
use std::sync::{Arc, mpsc};

use host::Environment;
use host::status::{Silent, Status, Step};

use super::super::location::RepositoryLocation;
use super::*;

const URL: &str = "https://u:secret@example.org/a/b";

fn url(text: &str) -> Address {
    let env = Environment::new("/", []);
    match RepositoryLocation::parse(&text.parse().unwrap(), &env, Path::new("/")) {
        Ok(RepositoryLocation::Remote(url)) => url,
        other => panic!("{other:?}"),
    }
}

fn host(status: Arc<dyn Status>) -> Host {
    let no_vars: [(OsString, OsString); 0] = [];
    Host::new(Environment::new("/", no_vars), status).unwrap()
}

/// Puts a new repository in place.
fn fill(cache: &GitCache, url: &Address, way: CloneMode) {
    let draft = cache.draft(url, way).unwrap();
    cache.replace(draft).unwrap();
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let mut names: Vec<String> = entries
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_name_tells_urls_apart_and_shows_no_secret() {
    let dir = Path::new("/cache");
    let [one, other, again] = [
        URL,
        "https://u:secret@example.org/a.b",
        "https://u:other@example.org/a/b",
    ]
    .map(|u| GitCache::new(dir, &url(u)).dir());
    assert_ne!(one, other);
    assert_eq!(one, again);
    let name = one.file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with("example-org-a-b-"), "{name}");
    assert!(one.starts_with("/cache/git") && !name.contains("secret"));
}

#[test]
fn a_repository_is_opened_as_it_was_made() {
    let dir = tempfile::tempdir().unwrap();
    let cache = GitCache::new(dir.path(), &url(URL));
    assert!(cache.open(&url(URL)).is_none());
    for way in [CloneMode::Filtered, CloneMode::Plain] {
        fill(&cache, &url(URL), way);
        let (repository, opened) = cache.open(&url(URL)).unwrap();
        assert_eq!(opened, way);
        assert!(repository.is_bare());
    }
}

#[cfg(unix)]
#[test]
fn nobody_else_reads_a_password_and_a_new_one_is_used() {
    let dir = tempfile::tempdir().unwrap();
    let cache = GitCache::new(dir.path(), &url(URL));
    fill(&cache, &url(URL), CloneMode::Filtered);
    let config = cache.dir().join("config");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&cache.dir()), mode(&config)), (0o700, 0o600));
    // As an older version left it.
    fs::set_permissions(&config, fs::Permissions::from_mode(0o644)).unwrap();
    let new = url("https://u:other@example.org/a/b");
    let cache = GitCache::new(dir.path(), &new);
    assert!(cache.open(&new).is_some());
    drop(cache.lock(&host(Arc::new(Silent))).unwrap());
    assert_eq!(mode(&config), 0o600);
    let text = fs::read_to_string(&config).unwrap();
    assert!(
        text.contains("u:other@") && !text.contains("secret"),
        "{text}"
    );
}

#[test]
fn what_is_no_repository_of_ours_is_not_opened() {
    let dir = tempfile::tempdir().unwrap();
    let cache = GitCache::new(dir.path(), &url(URL));
    fs::create_dir_all(cache.dir()).unwrap();
    assert!(cache.open(&url(URL)).is_none());
    let foreign = Repository::init_bare(cache.dir()).unwrap();
    assert!(cache.open(&url(URL)).is_none());
    foreign
        .remote("origin", "https://example.org/other")
        .unwrap();
    assert!(cache.open(&url(URL)).is_none());
    fill(&cache, &url(URL), CloneMode::Filtered);
    fs::write(cache.dir().join("config"), "[").unwrap();
    assert!(cache.open(&url(URL)).is_none());
    fill(&cache, &url(URL), CloneMode::Filtered);
    fs::remove_file(cache.dir().join("HEAD")).unwrap();
    assert!(cache.open(&url(URL)).is_none());
}

#[test]
fn a_draft_that_is_dropped_leaves_what_was_there() {
    let dir = tempfile::tempdir().unwrap();
    let cache = GitCache::new(dir.path(), &url(URL));
    fill(&cache, &url(URL), CloneMode::Filtered);
    let before = names(&dir.path().join("git"));
    let draft = cache.draft(&url(URL), CloneMode::Plain).unwrap();
    assert_eq!(names(&dir.path().join("git")).len(), 2);
    drop(draft);
    assert_eq!(names(&dir.path().join("git")), before);
    assert_eq!(cache.open(&url(URL)).unwrap().1, CloneMode::Filtered);
}

#[test]
fn what_a_killed_run_left_is_swept_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let cache = GitCache::new(dir.path(), &url(URL));
    let other = GitCache::new(dir.path(), &url("https://example.org/other"));
    fill(&cache, &url(URL), CloneMode::Filtered);
    let left = cache.draft(&url(URL), CloneMode::Plain).unwrap().keep();
    let others = other.draft(&url(URL), CloneMode::Plain).unwrap();
    let pack = cache.dir().join("objects/pack");
    for file in [
        "shallow.lock",
        "objects/pack/tmp_pack_abc",
        "objects/pack/pack-1.pack",
    ] {
        fs::write(cache.dir().join(file), "").unwrap();
    }
    cache.sweep().unwrap();
    assert!(!left.exists() && others.path().exists());
    assert!(!cache.dir().join("shallow.lock").exists());
    assert_eq!(names(&pack), ["pack-1.pack"]);
    assert!(cache.open(&url(URL)).is_some());
}

/// Hands on each note.
struct Notes(mpsc::Sender<String>);

impl Status for Notes {
    fn note(&self, line: &str) {
        self.0.send(line.to_owned()).unwrap();
    }
    fn warn(&self, _: &str) {}
    fn detail(&self, _: &str) {}
    fn step(&self, _: &str) -> Box<dyn Step> {
        Box::new(Silent)
    }
}

#[test]
fn one_run_fetches_and_the_other_waits_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let cache = GitCache::new(dir.path(), &url(URL));
    let first = cache.lock(&host(Arc::new(Silent))).unwrap();
    let (sender, notes) = mpsc::channel();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| cache.lock(&host(Arc::new(Notes(sender)))).map(drop));
        assert!(notes.recv().unwrap().contains("waiting for another run"));
        assert!(!waiting.is_finished());
        drop(first);
        waiting.join().unwrap().unwrap();
    });
    assert_eq!(notes.try_iter().count(), 0);
}

#[test]
fn a_cache_that_cannot_be_written_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let cache = GitCache::new(&file, &url(URL));
    for error in [
        cache.lock(&host(Arc::new(Silent))).unwrap_err(),
        cache.draft(&url(URL), CloneMode::Plain).unwrap_err(),
    ] {
        assert!(
            error.message().contains(&file.display().to_string()),
            "{error}"
        );
    }
}
