extension HeapHead {
    /// After how many incidents nothing is run on a heap any more.
    package static let incidentCountMax: UInt16 = 2

    /// Whether nothing is run on the heap until somebody says otherwise.
    package var isQuarantined: Bool { incidentCount >= HeapHead.incidentCountMax }
}

extension HeapRepository {
    /// Notes on a heap that a worker of it did what only a script does that broke out of V8.
    ///
    /// It stays noted when the heap moves on by runs, in whatever process; ``release(_:)`` and a
    /// fork onto the name forget it.
    ///
    /// - Returns: where the heap is; nil if there is none.
    package func noteIncident(on name: HeapName) async throws(HeapError) -> HeapHead? {
        try await changeIncidents(of: name) { count in count == .max ? count : count + 1 }
    }

    /// Lets a heap be run on again.
    ///
    /// - Throws: ``HeapError/heapNotFound(_:existing:)``.
    package func release(_ name: HeapName) async throws(HeapError) -> HeapHead {
        guard let head = try await changeIncidents(of: name, { _ in 0 }) else {
            throw try await notFound(name)
        }
        return head
    }

    private func changeIncidents(
        of name: HeapName, _ change: (UInt16) -> UInt16
    ) async throws(HeapError) -> HeapHead? {
        var last: HeapError?
        for _ in 0..<Self.attemptCountMax {
            guard let head = try await head(of: name) else { return nil }
            let count = change(head.incidentCount)
            guard count != head.incidentCount else { return head }
            do throws(HeapError) {
                return try await move(
                    name, to: HeapTarget(head, incidentCount: count), replacing: head, kept: nil)
            } catch {
                guard case .conflict = error else { throw error }
                last = error
            }
        }
        throw last ?? .storageBusy(path: StorageKey.head(name).path)
    }
}
