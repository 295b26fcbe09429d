import Heaps

/// Reads a name, a reference and a key; what is accepted must be written as it was.
func tryNames(_ input: [UInt8]) {
    guard let text = String(validating: input, as: UTF8.self) else { return }
    if let name = try? HeapName(text) {
        precondition(name.text == text, "A name changes.")
        let key = StorageKey.head(name)
        precondition(!key.path.split(separator: "/").contains(".."), "A name leads out.")
        precondition(StorageKey(key.name, in: .heads) == key, "A key is not read as it is written.")
    }
    if let reference = try? HeapReference(text), let again = try? HeapReference("\(reference)") {
        precondition(again == reference, "A reference changes.")
    }
    for folder in StorageKey.Folder.allCases {
        guard let key = StorageKey(text, in: folder) else { continue }
        let parts = key.path.split(separator: "/")
        precondition(key.name == text && !parts.contains(".."), "A key changes.")
    }
}
