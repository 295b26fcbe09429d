/// Where an object lies in a storage; `docs/formats/layout.md` is the layout.
package struct StorageKey: Hashable, Sendable {
    /// The two kinds of objects.
    package enum Folder: String, CaseIterable, Sendable {
        /// Small records that are replaced, one for each heap.
        case heads
        /// Envelopes, each written once and never changed.
        case versions
    }

    /// The kind of object.
    package let folder: Folder
    /// The last part of the path.
    package let name: String

    /// Where a version's envelope lies.
    package static func version(_ version: HeapVersion) -> StorageKey {
        StorageKey(folder: .versions, name: version.text)
    }

    /// Where a heap's head lies.
    package static func head(_ name: HeapName) -> StorageKey {
        StorageKey(folder: .heads, name: name.encoded)
    }

    private init(folder: Folder, name: String) {
        self.folder = folder
        self.name = name
    }

    /// Accepts the last part of a path that was found in a folder; nil if it is not ours.
    package init?(_ name: String, in folder: Folder) {
        switch folder {
        case .heads: guard HeapName(encoded: name) != nil else { return nil }
        case .versions: guard (try? HeapVersion(name)) != nil else { return nil }
        }
        self.init(folder: folder, name: name)
    }

    /// The folder that the object lies in, without its name: versions are spread over 256.
    package var parentPath: String {
        switch folder {
        case .heads: folder.rawValue
        case .versions: "\(folder.rawValue)/\(name.prefix(2))"
        }
    }

    /// The whole path.
    package var path: String { "\(parentPath)/\(name)" }
}

extension StorageKey: Comparable, CustomStringConvertible {
    /// Orders keys as their paths.
    package static func < (left: StorageKey, right: StorageKey) -> Bool { left.path < right.path }

    /// The whole path.
    package var description: String { path }
}

/// What a storage gives out for an object, and takes back to tell whether it is still the same.
package struct StorageTag: Hashable, Sendable {
    /// The storage's own text.
    package let text: String

    /// Keeps a text of the storage.
    package init(_ text: String) {
        self.text = text
    }
}
