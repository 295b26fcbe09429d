internal import Metrics
internal import Synchronization

/// Where swift-metrics' counters, meters, recorders and timers end here: series that Prometheus
/// reads as text.
///
/// Only metrics of ``MetricName`` are kept; a library's own go nowhere.
final class PrometheusRegistry: MetricsFactory {
    private struct Key: Hashable {
        let name: MetricName
        /// As they are written: `{outcome="value"}`, or nothing.
        let labels: String
    }

    private let series = Mutex<[Key: Series]>([:])

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        find(label, dimensions)
    }

    func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        find(label, dimensions)
    }

    func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        find(label, dimensions)
    }

    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        find(label, dimensions)
    }

    // Series stay: a counter that began anew would look like a restart.
    func destroyCounter(_ handler: any CounterHandler) {}
    func destroyMeter(_ handler: any MeterHandler) {}
    func destroyRecorder(_ handler: any RecorderHandler) {}
    func destroyTimer(_ handler: any TimerHandler) {}

    /// Sets what somebody else counts.
    func set(_ name: MetricName, _ dimensions: [(String, String)] = [], to value: Double) {
        find(name.rawValue, dimensions).set(value)
    }

    /// All metrics with all their series, in the text format of Prometheus.
    var text: String {
        let series = series.withLock { $0 }.sorted { $0.key.labels < $1.key.labels }
        var text = PrometheusText()
        for name in MetricName.allCases {
            text.begin(name)
            for (key, series) in series where key.name == name {
                text.add(name, key.labels, series.value)
            }
        }
        return text.text
    }

    private func find(_ label: String, _ dimensions: [(String, String)]) -> Series {
        guard let name = MetricName(rawValue: label) else { return Series(.counter) }
        let key = Key(name: name, labels: PrometheusText.labels(dimensions))
        return series.withLock { series in
            if let known = series[key] { return known }
            let new = Series(name.kind)
            series[key] = new
            return new
        }
    }
}

/// The values of one metric with one set of labels.
final class Series: CounterHandler, MeterHandler, RecorderHandler, TimerHandler {
    /// What has been noted.
    enum Value {
        case number(Double)
        case histogram(Histogram)
    }

    private let state: Mutex<Value>

    init(_ kind: MetricName.Kind) {
        state =
            switch kind {
            case .counter, .gauge: Mutex(.number(0))
            case .histogram(let bounds): Mutex(.histogram(Histogram(bounds: bounds)))
            }
    }

    var value: Value { state.withLock { $0 } }

    func increment(by amount: Int64) { add(Double(amount)) }
    func reset() { set(Double.zero) }
    func set(_ value: Int64) { set(Double(value)) }
    func increment(by amount: Double) { add(amount) }
    func decrement(by amount: Double) { add(-amount) }
    func record(_ value: Int64) { add(Double(value)) }
    func record(_ value: Double) { add(value) }
    func recordNanoseconds(_ duration: Int64) { add(Double(duration) / 1e9) }

    func set(_ value: Double) {
        state.withLock { if case .number = $0 { $0 = .number(value) } }
    }

    private func add(_ amount: Double) {
        state.withLock { state in
            switch state {
            case .number(let number): state = .number(number + amount)
            case .histogram(var histogram):
                histogram.add(amount)
                state = .histogram(histogram)
            }
        }
    }
}

/// How many values were at most so large.
struct Histogram {
    let bounds: [Double]
    /// How many values are in each range, the last without an upper bound.
    private(set) var counts: [Int]
    private(set) var sum = 0.0

    init(bounds: [Double]) {
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count + 1)
    }

    mutating func add(_ value: Double) {
        counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
        sum += value
    }
}
