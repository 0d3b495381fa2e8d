//! Nothing writes a record but `Ledger::run`; balances, cursors, checkpoints, certificates, days that are due, pauses and notes have a writer of their own.

#![expect(clippy::unwrap_used, reason = "it is a test")]

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The SDK's operations that write, as methods, types and names on the wire.
const WRITES: [&str; 16] = [
    "update_item",
    "put_item",
    "delete_item",
    "batch_write_item",
    "transact_write_items",
    "execute_statement",
    "batch_execute_statement",
    "execute_transaction",
    "UpdateItem",
    "PutItem",
    "DeleteItem",
    "BatchWriteItem",
    "TransactWriteItems",
    "ExecuteStatement",
    "BatchExecuteStatement",
    "ExecuteTransaction",
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The lines of a source that name a write, without comments. A permission's name in quotes is no call.
fn writes(source: &str) -> Vec<&str> {
    let code = source.lines().map(|line| line.split("//").next().unwrap_or_default());
    code.filter(|line| {
        let line = line.replace("\"dynamodb:UpdateItem\"", "");
        WRITES.iter().any(|word| line.contains(word))
    })
    .collect()
}

#[test]
fn only_the_shell_writes_records() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = vec![];
    sources(crates, &mut files);
    assert!(files.len() > 50, "{} files: the test looks in the wrong place", files.len());
    let mut writers: Vec<_> = files
        .iter()
        .filter(|file| !file.ends_with("ledger/tests/sole_writer.rs"))
        // AWS's side of the wire: it answers these calls, and makes none.
        .filter(|file| !file.starts_with(crates.join("simulation")))
        // The vendors', which know no table of ours.
        .filter(|file| !file.starts_with(crates.join("sandbox")))
        .filter(|file| !writes(&fs::read_to_string(file).unwrap()).is_empty())
        .map(|file| file.strip_prefix(crates).unwrap().to_str().unwrap().replace('\\', "/"))
        .collect();
    writers.sort();
    assert_eq!(writers, ["ledger/src/balance/item.rs", "ledger/src/cursor.rs", "ledger/src/table.rs"]);
}

#[test]
fn the_shell_writes_in_one_place_and_cursors_in_another() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let once = |file: &str, operation: &str| {
        let source = fs::read_to_string(folder.join(file)).unwrap();
        let calls: Vec<_> = writes(&source).into_iter().filter(|line| line.contains("_item()")).collect();
        assert_eq!(calls.len(), 1, "{file}: {calls:?}");
        assert!(calls[0].contains(operation), "{file}: {calls:?}");
        source
    };
    let table = once("table.rs", ".update_item()");
    let run = table.find("pub async fn run(").unwrap();
    let write = table.find(".update_item()").unwrap();
    let next = run + table[run + 1..].find("pub async fn").unwrap();
    assert!(run < write && write < next, "the write is not in `Ledger::run`");

    let balance = once("balance/item.rs", ".update_item()").replace(char::is_whitespace, "");
    assert!(balance.contains("letkey=self.balance_key(order);lettranslated="), "the write is not of a balance");
    assert!(balance.contains("format!(\"balance/{}/{order}\",self.flow.name)"));

    let cursor = once("cursor.rs", ".update_item()");
    let (code, keys) = (
        cursor.replace(char::is_whitespace, ""),
        ["cursor_key(self.flow.name,store)", "pass_key(self.flow.name,pass)"],
    );
    for call in code.split("self.write(").skip(1) {
        let key = call.split(',').next().unwrap();
        assert!(key == "&key" || keys.iter().any(|k| call.starts_with(&format!("&{k}"))), "a write to {key}");
    }
    assert_eq!(code.matches("letkey=").count(), code.matches("letkey=pass_key(self.flow.name,pass);").count());
    assert!(
        cursor.contains("format!(\"cursor/{flow}/{store}\")")
            && cursor.contains("format!(\"pass/{flow}{slash}{pass}\")")
    );

    // What else may be written, by its key. The check's condition cannot hold.
    let others = [
        ("audit.rs", "&audit_key(self.flow.name,note.at,nonce),", "format!(\"audit/{flow}/{}-{nonce}\",at.0)"),
        (
            "certificate.rs",
            "&certificate_key(self.flow.name,store,day),",
            "format!(\"certificate/{flow}/{store}/{day}\")",
        ),
        ("due.rs", "&due_key(self.flow.name,store),", "format!(\"due/{flow}/{store}\")"),
        ("outside.rs", "&outside_key(self.flow.name,store,day),", "format!(\"outside/{flow}/{store}/{day}\")"),
        ("pause.rs", "&pause_key(self.flow.name),", "format!(\"pause/{flow}\")"),
        ("part.rs", "&part_key(self.flow.name,name,n),", "format!(\"part/{flow}/{name}/{n}\")"),
        ("redacted.rs", "&redacted_key(self.flow.name,subject),", "format!(\"redacted/{flow}/{}\","),
        ("slot.rs", "&slot_key(&slot.account,slot.place),", "format!(\"slot/{account}/{place}\")"),
        ("run.rs", "&run_key(self.flow.name,function,by),", "format!(\"run/{flow}/{function}/{}\",by.as_str())"),
        ("reach.rs", "KEY,\"k=:other\",", "constKEY:&str=\"check\";"),
    ];
    for (file, key, made) in others {
        let source = fs::read_to_string(folder.join(file)).unwrap().replace(char::is_whitespace, "");
        assert_eq!(source.matches("self.write(").count(), 1, "{file}");
        assert!(source.contains(&format!("self.write({key}")), "{file} writes to something else");
        assert!(source.contains(made), "{file}");
    }
    for entry in fs::read_dir(&folder).unwrap().chain(fs::read_dir(folder.join("balance")).unwrap()) {
        let path = entry.unwrap().path();
        if path.is_dir() {
            continue;
        }
        let writes = fs::read_to_string(&path).unwrap().replace(char::is_whitespace, "").contains("self.write(");
        assert!(
            !writes || path.ends_with("cursor.rs") || others.iter().any(|o| path.ends_with(o.0)),
            "{path:?} writes"
        );
    }
}

#[test]
fn an_added_write_is_seen() {
    assert_eq!(writes("let a = client\n    .put_item() // of a record\n").len(), 1);
    assert_eq!(writes("// client.put_item()\nlet item = read();\n").len(), 0);
    assert_eq!(writes("may(\"dynamodb:UpdateItem\");\nmay(\"UpdateItem\");\n").len(), 1);
}
