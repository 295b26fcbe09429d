/// Metrics as Prometheus reads them: the text exposition format, version 0.0.4.
struct PrometheusText {
    enum Kind: String {
        case counter
        case gauge
        case histogram
    }

    typealias Labels = [(name: String, value: String)]

    private(set) var text = ""

    /// Adds a metric with its samples, in the order of their labels.
    mutating func add(
        _ name: String, _ kind: Kind, _ meaning: String, _ samples: [(Labels, Double)]
    ) {
        begin(name, kind, meaning)
        let lines = samples.map { labels, value in (PrometheusText.written(labels), value) }
        for (labels, value) in lines.sorted(by: { $0.0 < $1.0 }) { line(name + labels, value) }
    }

    /// Adds a histogram.
    mutating func add(_ name: String, _ meaning: String, _ histogram: Histogram) {
        begin(name, .histogram, meaning)
        var count = 0
        let bounds = Histogram.bounds.map { "\($0)" } + ["+Inf"]
        for (bound, more) in zip(bounds, histogram.counts) {
            count += more
            line("\(name)_bucket{le=\"\(bound)\"}", Double(count))
        }
        line("\(name)_sum", histogram.sum)
        line("\(name)_count", Double(count))
    }

    private mutating func begin(_ name: String, _ kind: Kind, _ meaning: String) {
        text += "# HELP \(name) \(meaning)\n# TYPE \(name) \(kind.rawValue)\n"
    }

    private mutating func line(_ series: String, _ value: Double) {
        text += "\(series) \(Int(exactly: value).map { "\($0)" } ?? "\(value)")\n"
    }

    /// Labels are our own words, without anything to escape.
    private static func written(_ labels: Labels) -> String {
        if labels.isEmpty { return "" }
        return "{" + labels.map { "\($0.name)=\"\($0.value)\"" }.joined(separator: ",") + "}"
    }
}
