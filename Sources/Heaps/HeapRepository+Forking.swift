/// What is to be done with a name that is taken.
package enum TakenName: Hashable, Sendable {
    /// The heap stays as it is.
    case refuse
    /// The heap moves; its present version stays, under no name.
    case replace
}

/// Where a heap is now, and where it was.
package struct HeapMove: Hashable, Sendable {
    /// Where it is.
    package var head: HeapHead
    /// Where it was; nil if the name is new.
    package var replaced: HeapHead?
}

extension HeapRepository {
    /// Gives a version that exists a name and copies nothing: a fork, or an undo if it is a heap's
    /// own.
    ///
    /// - Throws: ``HeapError/heapExists(_:)`` if the name is taken and is not to be replaced;
    ///   ``HeapError/conflict(_:)`` if the heap moves at the same time.
    package func fork(
        _ reference: HeapReference, to name: HeapName, ifTaken: TakenName
    ) async throws(HeapError) -> HeapMove {
        let old = try await replaceable(name, ifTaken: ifTaken)
        let record = try await resolve(reference)
        var incidentCount: UInt16 = 0
        // Who names a version has chosen it; who names a heap takes along what is known of it.
        if case .head(let source) = reference {
            incidentCount = try await head(of: source)?.incidentCount ?? 0
        }
        let new = try await point(
            name, at: record, replacing: old, incidentCount: incidentCount)
        return HeapMove(head: new, replaced: old)
    }

    /// Finds where a heap is that may be replaced.
    func replaceable(
        _ name: HeapName, ifTaken: TakenName
    ) async throws(HeapError) -> HeapHead? {
        let head = try await head(of: name)
        if let head, ifTaken == .refuse { throw .heapExists(head) }
        return head
    }
}
