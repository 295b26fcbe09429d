/// The members of a JSON object, in order.
///
/// A lookup walks the members: objects in this protocol are small, and a large one is looked
/// into for a handful of names only.
package struct JSONObject: Hashable, Sendable {
    /// A name with its value.
    package struct Member: Hashable, Sendable {
        /// The name.
        package let key: String
        /// The value.
        package var value: JSON
    }

    /// All members; no two have the same key.
    package private(set) var members: [Member] = []

    /// Makes an object of members that come one after another; of equal keys the last one wins.
    package init(_ elements: some Sequence<(String, JSON)>) {
        for (key, value) in elements { self[key] = value }
    }

    /// Makes an object of members whose keys are known to differ.
    init(distinct members: [Member]) {
        self.members = members
    }

    /// The value of the member with this key; setting nil removes it, a new one goes last.
    package subscript(key: String) -> JSON? {
        get { members.first { $0.key == key }?.value }
        set {
            let index = members.firstIndex { $0.key == key }
            switch (index, newValue) {
            case (let index?, let value?): members[index].value = value
            case (let index?, nil): members.remove(at: index)
            case (nil, let value?): members.append(Member(key: key, value: value))
            case (nil, nil): break
            }
        }
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    /// Makes an object; of equal keys the last one wins.
    package init(dictionaryLiteral elements: (String, JSON)...) { self.init(elements) }
}
