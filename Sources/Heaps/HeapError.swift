package import WorkerProtocol

/// Why something could not be done with a heap; each case is a condition that a caller can act on.
package enum HeapError: Error, Hashable, Sendable {
    /// The text is no heap name; it is kept cut, as it comes from outside.
    case invalidName(given: String)
    /// The text is no version.
    case invalidVersion(given: String)
    /// The text is neither a name, a name with a version nor a version.
    case invalidReference(given: String)
    /// No heap has this name; some that exist are named.
    case heapNotFound(HeapName, existing: [HeapName])
    /// No version has this id.
    case versionNotFound(HeapVersion)
    /// The heap's history holds no version that starts so; its newest are named.
    case versionNotInHistory(of: HeapName, prefix: String, newest: [HeapVersion])
    /// Several versions of the heap's history start so, or of all that are kept.
    case ambiguousVersion(of: HeapName?, prefix: String, matches: [HeapVersion])
    /// Somebody else moved the heap's head first.
    case conflict(HeapConflict)
    /// A heap of this name is there, and was not to be replaced.
    case heapExists(HeapHead)
    /// A file to import is none, or is not as it was exported.
    case archiveRefused(EnvelopeDamage)
    /// The snapshot was made by an engine that is not the one running.
    case incompatible(HeapVersion, snapshot: EngineIdentity, running: EngineIdentity)
    /// A snapshot is larger than this server accepts.
    case snapshotTooLarge(byteCount: Int, limit: Int)
    /// What is stored is not what was stored.
    case damaged(StorageKey, EnvelopeDamage)
    /// Another process holds a lock of the storage for too long; trying again may help.
    case storageBusy(path: String)
    /// There is no room; what was stored before is as it was.
    case storageFull(path: String, neededByteCount: Int)
    /// The storage failed, and whether the operation took place is unknown.
    case storageUnavailable(path: String, reason: String)
    /// This place must not or cannot be used to keep heaps.
    case storageRefused(path: String, StorageRefusal)
}

/// A lost race for a heap's head; nothing is lost but the race.
package struct HeapConflict: Hashable, Sendable {
    /// The heap whose head was to move.
    package var name: HeapName
    /// The version that the head was expected to be at; nil if the heap was to be new.
    package var expected: HeapVersion?
    /// Where the head is; nil if there is none.
    package var actual: HeapHead?
    /// The version that was stored and that no head points at.
    package var kept: HeapVersion?

    /// Makes the record of a lost race.
    package init(
        name: HeapName, expected: HeapVersion?, actual: HeapHead?, kept: HeapVersion?
    ) {
        self.name = name
        self.expected = expected
        self.actual = actual
        self.kept = kept
    }
}

/// In which way stored bytes are not what was stored.
package enum EnvelopeDamage: Error, Hashable, Sendable {
    /// The bytes do not start as ours do.
    case unknownMagic
    /// The bytes are of a format that this build does not know.
    case unknownFormat(UInt16)
    /// The snapshot is packed in a way that this build does not know.
    case unknownEncoding(UInt16)
    /// There are fewer bytes than announced.
    case truncated
    /// There are more bytes than announced.
    case extraBytes
    /// The fields before the snapshot make no sense.
    case invalidHeader
    /// The fields do not hash to the version they claim, or are another version's.
    case versionMismatch
    /// The snapshot cannot be unpacked to the announced size.
    case invalidPacking
    /// The snapshot's bytes do not have the digest that was recorded.
    case digestMismatch
    /// It is no file, but a folder, a link, a pipe, a socket or a device.
    case notAFile
    /// The system does not let it be read.
    case unreadable(String)
    /// The version that the snapshot was packed behind is not there.
    case prefixMissing(HeapVersion)
    /// It is not signed, and only what is signed is taken.
    case unsigned
    /// None of the keys made its signature.
    case signatureMismatch
    /// It is signed, and no key was given to check that.
    case keyMissing
}

/// Why a place is not used to keep heaps.
package enum StorageRefusal: Hashable, Sendable {
    /// The directory belongs to somebody else.
    case ownedByAnother(userID: UInt32, ourUserID: UInt32)
    /// Others than the owner may write to the directory.
    case writableByOthers(mode: UInt32)
    /// The path leads through a link that somebody else made.
    case linkOfAnother(userID: UInt32)
    /// There is a file of this name.
    case notADirectory
    /// The directory holds something that is not ours.
    case notEmpty(found: String)
    /// The directory is in a format that this build does not know.
    case unknownFormat(found: String)
    /// The service does not do what keeps two servers from overwriting each other's heaps.
    case ignoresConditions([String])
}
