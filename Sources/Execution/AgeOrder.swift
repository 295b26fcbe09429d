/// Numbers in the order in which they were added; each is there once.
///
/// Everything takes the same time however many there are, on average: what is removed from the
/// middle leaves a gap, and gaps are closed when they are most of it.
struct AgeOrder {
    private var ids: [UInt64?] = []
    private var start = 0
    private var places: [UInt64: Int] = [:]

    var count: Int { places.count }

    /// The one that was added first.
    var first: UInt64? {
        mutating get {
            while start < ids.count {
                if let id = ids[start] { return id }
                start += 1
            }
            return nil
        }
    }

    mutating func append(_ id: UInt64) {
        remove(id)
        if ids.count >= 16, ids.count >= 2 * places.count { closeGaps() }
        places[id] = ids.count
        ids.append(id)
    }

    mutating func remove(_ id: UInt64) {
        guard let place = places.removeValue(forKey: id) else { return }
        ids[place] = nil
    }

    mutating func popFirst() -> UInt64? {
        guard let id = first else { return nil }
        remove(id)
        return id
    }

    private mutating func closeGaps() {
        ids = ids[start...].filter { $0 != nil }
        start = 0
        for (place, id) in ids.enumerated() {
            if let id { places[id] = place }
        }
    }
}
