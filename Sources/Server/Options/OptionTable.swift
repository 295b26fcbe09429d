/// All options of the server. The parser of the command line, the environment's variables, the
/// keys of a file, the help, the completions, `config show` and the reference are made from it.
struct OptionTable: Sendable {
    static let all = OptionTable()
    static let sections: [(title: String, options: [OptionFacts])] = [
        section(all.storage), section(all.s3), section(all.http), section(all.limits),
        section(all.sandbox), section(all.script), section(all.log),
    ]
    static let options = sections.flatMap(\.options)

    let storage: StorageOptions = StorageOptions()
    let s3: S3Options = S3Options()
    let http: HTTPOptions = HTTPOptions()
    let limits: LimitOptions = LimitOptions()
    let sandbox: SandboxOptions = SandboxOptions()
    let script: ScriptOptions = ScriptOptions()
    let log: LogOptions = LogOptions()

    /// Those of one section.
    static func options<Section: OptionSection>(of section: Section.Type) -> [OptionFacts] {
        sections.first { $0.title == Section.title }?.options ?? []
    }

    private static func section<Section: OptionSection>(
        _ section: Section
    ) -> (title: String, options: [OptionFacts]) {
        (Section.title, section.options)
    }
}

/// Options that belong together: each is a property.
protocol OptionSection: Sendable {
    static var title: String { get }
    init()
}

extension OptionSection {
    /// Its properties, in their order.
    var options: [OptionFacts] {
        Mirror(reflecting: self).children.compactMap { ($0.value as? any OptionInTable)?.facts }
    }
}

private protocol OptionInTable {
    var facts: OptionFacts { get }
}

extension ServerOption: OptionInTable {}
