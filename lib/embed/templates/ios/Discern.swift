import TensorFlowLite
import UIKit

/// Classifies photos, and says so when no class stands out.
///
/// In the Podfile: pod 'TensorFlowLiteSwift', '~> 2.14'. In the app's bundle: the model's file and labels.txt. Make one
/// and keep it; call it from one queue in the background.
final class Discern {
  struct Prediction {
    let index: Int
    let label: String
    let probability: Double
  }

  /// `kind` is "clear", "close" (a rival), "weak" (a weak winner) or "none" (both); `sentence` says it in words.
[% if familiar is not none %]
  /// A photo is `unfamiliar` if it is unlike all that the model learned from.
[% endif %]
  struct Answer {
    let predictions: [Prediction]
    let kind: String
    let sentence: String
[% if familiar is not none %]
    let unfamiliar: Bool
[% endif %]
  }

  struct Failure: LocalizedError {
    let errorDescription: String?
  }

  private let labels: [String]
  private let interpreter: Interpreter

  init(bundle: Bundle = .main) throws {
    func path(_ name: String) throws -> String {
      guard let found = bundle.path(forResource: name, ofType: nil) else { throw Failure(errorDescription: name) }
      return found
    }
    var lines = try String(contentsOfFile: path("labels.txt"), encoding: .utf8).components(separatedBy: "\n")
    if lines.last == "" { lines.removeLast() }
    labels = lines
    interpreter = try Interpreter(modelPath: path(Self.model))
    try interpreter.allocateTensors()
  }

  func classify(_ photo: UIImage) throws -> Answer {
    try interpreter.copy(input(from: bytes(of: photo)), toInputAt: 0)
    try interpreter.invoke()
[% if familiar is none %]
    return judge(try probabilities(from: output(of: interpreter.output(at: 0).data)))
[% else %]
    let score = try interpreter.output(at: 1).data.withUnsafeBytes { $0.loadUnaligned(as: Float.self) }
    let found = try probabilities(from: output(of: interpreter.output(at: 0).data))
    return judge(found, score: Double(score))
[% endif %]
  }

  /// The part of the photo that the model looks at, upright, on white, scaled: red, green and blue of each pixel.
  private func bytes(of photo: UIImage) throws -> [UInt8] {
[% if resize in ("square", "middle") %]
[% if resize == "square" %]
    // The middle in the shape of the input, 87.5% of the shorter side.
    let larger = max(CGFloat(Self.width) / photo.size.width, CGFloat(Self.height) / photo.size.height) / 0.875
[% else %]
    // The middle in the shape of the input, all of the shorter side.
    let larger = max(CGFloat(Self.width) / photo.size.width, CGFloat(Self.height) / photo.size.height)
[% endif %]
    let scale = CGSize(width: larger, height: larger)
[% elif resize == "crop" %]
    let scale = CGSize(width: CGFloat(Self.width) / (photo.size.width * 0.875),  // the middle 87.5% of each side
                       height: CGFloat(Self.height) / (photo.size.height * 0.875))
[% else %]
    let scale = CGSize(width: CGFloat(Self.width) / photo.size.width, height: CGFloat(Self.height) / photo.size.height)
[% endif %]
    let size = CGSize(width: photo.size.width * scale.width, height: photo.size.height * scale.height)
    var rgba = [UInt8](repeating: 255, count: Self.width * Self.height * 4)
    let isDrawn = rgba.withUnsafeMutableBytes { buffer -> Bool in
      guard let context = CGContext(
        data: buffer.baseAddress, width: Self.width, height: Self.height, bitsPerComponent: 8,
        bytesPerRow: Self.width * 4, space: CGColorSpace(name: CGColorSpace.sRGB)!,
        bitmapInfo: CGImageAlphaInfo.noneSkipLast.rawValue) else { return false }
      context.interpolationQuality = .high
      context.translateBy(x: 0, y: CGFloat(Self.height))
      context.scaleBy(x: 1, y: -1)
      UIGraphicsPushContext(context)
      photo.draw(in: CGRect(
        x: (CGFloat(Self.width) - size.width) / 2, y: (CGFloat(Self.height) - size.height) / 2,
        width: size.width, height: size.height))
      UIGraphicsPopContext()
      return true
    }
    guard isDrawn else { throw Failure(errorDescription: "CGContext") }
    return (0..<Self.width * Self.height * 3).map { rgba[$0 / 3 * 4 + $0 % 3] }
  }

  private func input(from bytes: [UInt8]) -> Data {
[% if dtype == "float32" %]
    let values = bytes.enumerated().map { real($1, channel: $0 % 3) }
    return values.withUnsafeBytes { Data($0) }
[% elif is_plain and dtype == "uint8" %]
    return Data(bytes)
[% elif is_plain %]
    return Data(bytes.map { $0 ^ 0x80 })
[% else %]
    return Data(bytes.enumerated().map { index, byte -> UInt8 in
      let step = (Double(real(byte, channel: index % 3)) / [[ input_scale|number ]]).rounded(.toNearestOrEven) + [[ input_zero|number ]]
      return UInt8(truncatingIfNeeded: Int(min(max(step, [[ least|number ]]), [[ most|number ]])))
    })
[% endif %]
  }

[% if not is_plain %]
  /// What a byte of a channel means to the model.
  private func real(_ byte: UInt8, channel: Int) -> Float {
    let value = Float(byte) * [[ slope|number ]] + [[ low|number ]]
[% if mean or std %]
    return (value - Self.mean[channel]) / Self.std[channel]
[% else %]
    return value
[% endif %]
  }

[% endif %]
  private func output(of data: Data) -> [Double] {
[% if output_type == "float32" %]
    var values = [Float](repeating: 0, count: data.count / MemoryLayout<Float>.size)
    _ = values.withUnsafeMutableBytes { data.copyBytes(to: $0) }
    return values.map(Double.init)
[% elif output_type == "uint8" %]
    return data.map { (Double($0) - [[ output_zero|number ]]) * [[ (output_scale or 1)|number ]] }
[% else %]
    return data.map { (Double(Int8(bitPattern: $0)) - [[ output_zero|number ]]) * [[ (output_scale or 1)|number ]] }
[% endif %]
  }

  private func probabilities(from raw: [Double]) throws -> [Double] {
    var values = raw
    guard values.allSatisfy(\.isFinite) else { throw Failure(errorDescription: [[ sentences.notFinite|swift ]]) }
[% if classes == 2 %]
    if values.count == 1 {
[% if activation == "logits" %]
      let one = 1 / (1 + exp(-values[0]))
[% else %]
      let one = values[0]
[% endif %]
      values = [1 - one, one]
    }[% if activation == "logits" %] else {
      values = softmax(values)
    }[% endif %]

[% elif activation == "logits" %]
    values = softmax(values)
[% endif %]
[% if slack is not none %]
    let isOff = values.reduce(0, +) > 0 && abs(values.reduce(0, +) - 1) > [[ slack|number ]]
    guard !isOff || values.contains(where: { $0 < -1e-5 }) else {
      throw Failure(errorDescription: [[ sentences.notShares|swift ]])
    }
[% endif %]
[% if background == "first" %]
    values.removeFirst()  // the first class is the background
[% elif background == "last" %]
    values.removeLast()  // the last class is the background
[% endif %]
    guard values.count == labels.count else {
      let numbers = ["found": "\(values.count)", "expected": "\(labels.count)"]
      throw Failure(errorDescription: Self.fill([[ sentences.wrongNumber|swift ]], numbers))
    }
    guard values.allSatisfy({ $0 >= -1e-5 }) else { throw Failure(errorDescription: [[ sentences.negative|swift ]]) }
    values = values.map { max($0, 0) }
    let total = values.reduce(0, +)
    guard total > 0 else { throw Failure(errorDescription: [[ sentences.onlyZeros|swift ]]) }
    return values.map { $0 / total }
  }

[% if activation == "logits" %]
  private func softmax(_ logits: [Double]) -> [Double] {
    let most = logits.max() ?? 0
    let powers = logits.map { exp($0 - most) }
    return powers.map { $0 / powers.reduce(0, +) }
  }

[% endif %]
  private func judge(_ probabilities: [Double][% if familiar is not none %], score: Double[% endif %]) -> Answer {
    let ranked = probabilities.enumerated()
      .map { Prediction(index: $0, label: labels[$0], probability: $1) }
      .sorted { ($1.probability, $0.index) < ($0.probability, $1.index) }
    let p1 = ranked[0].probability
    let p2 = ranked.count > 1 ? ranked[1].probability : 0
    let hasRival = p2 >= Self.ratio * p1
    let isWeak = p1 < Self.floor
    let kind = hasRival ? (isWeak ? "none" : "close") : (isWeak ? "weak" : "clear")
    let sentence = Self.fill(Self.sentences[kind == "clear" && p1 < 0.5 ? "clearOfMany" : kind]!, [
      "label": ranked[0].label, "percent": Self.percent(p1), "classes": "\(labels.count)",
      "names": Self.namesOfRunning(ranked),
    ])
[% if groups %]
    let group = kind == "clear" ? nil : explainGroup(ranked)
    let verdict = group ?? sentence
[% else %]
    let verdict = sentence
[% endif %]
[% if familiar is none %]
    return Answer(predictions: Array(ranked.prefix(Self.top)), kind: kind, sentence: verdict)
[% else %]
    let isUnfamiliar = score < Self.familiar
    let (said, needed) = Self.numbers(score)
    let warning = Self.fill(Self.sentences["unfamiliar"]!, ["label": ranked[0].label, "score": said, "needed": needed])
    return Answer(
      predictions: Array(ranked.prefix(Self.top)), kind: kind, sentence: isUnfamiliar[% if hint %] && kind == "clear"[% endif %] ? warning : verdict,
      unfamiliar: isUnfamiliar)
[% endif %]
  }

[% if familiar is not none %]
  /// The score and the one needed, with as few digits as tell them apart.
  private static func numbers(_ score: Double, digits: Int = [[ digits|whole ]]) -> (String, String) {
    let (said, needed) = (String(format: "%.\(digits)f", score), String(format: "%.\(digits)f", familiar))
    return said == needed && digits < [[ most_digits|whole ]] ? numbers(score, digits: digits + 1) : (said, needed)
  }

[% endif %]
[% if groups %]
  /// Two sentences on the everyday group that stands out, such as all breeds of dog: it, and which kind; nil if none.
  private func explainGroup(_ ranked: [Prediction]) -> String? {
    var groupOf = [Int](repeating: Self.groups.count, count: labels.count)  // the rest, which has no name
    for (number, group) in Self.groups.enumerated() {
      for span in group.spans.split(separator: " ") {
        let ends = span.split(separator: "-").map { Int($0)! }
        for index in ends[0]...ends[ends.count - 1] { groupOf[index] = number }
      }
    }
    var sums = [Double](repeating: 0, count: Self.groups.count + 1)
    for one in ranked.sorted(by: { $0.index < $1.index }) { sums[groupOf[one.index]] += one.probability }
    let order = sums.indices.sorted { (sums[$1], $0) < (sums[$0], $1) }
    let (first, second) = (order[0], order[1])
    if first == Self.groups.count || sums[first] < Self.groupFloor || sums[second] >= Self.ratio * sums[first] {
      return nil
    }
    let own = ranked.filter { groupOf[$0.index] == first }
    let p1 = own[0].probability
    let several = p1 < Self.floor ? "kindNone" : "kindClose"
    let kind = Self.fill(Self.sentences[own[1].probability >= Self.ratio * p1 ? several : "kindWeak"]!, [
      "label": own[0].label, "percent": Self.percent(p1), "names": Self.namesOfRunning(own),
    ])
    let group = Self.fill(Self.sentences["group"]!, [
      "group": Self.groups[first].phrase, "percent": Self.percent(min(sums[first], 1)),
    ])
    return Self.fill(Self.sentences["groupAndKind"]!, ["group": group, "kind": kind])
  }

[% endif %]
  /// The classes that are rivals, and the winner: "cat 46%, dog 41% and 3 more".
  private static func namesOfRunning(_ ranked: [Prediction]) -> String {
    let running = ranked.filter { $0.probability >= ratio * ranked[0].probability }
    let names = running.prefix(mostNamed).map { "\($0.label) \(percent($0.probability))" }
      .joined(separator: sentences["separator"]!)
    let more = running.count - mostNamed
    return more > 0 ? fill(sentences["more"]!, ["names": names, "n": "\(more)"]) : names
  }

  /// "91%"; never "0%" or "100%" unless it is exactly that.
  static func percent(_ probability: Double) -> String {
    let whole = Int((probability * 100).rounded(.toNearestOrEven))
    if whole == 0 && probability > 0 { return "<1%" }
    if whole == 100 && probability < 1 { return ">99%" }
    return "\(whole)%"
  }

  private static func fill(_ sentence: String, _ values: [String: String]) -> String {
    var rest = Substring(sentence)
    var filled = ""
    while let gap = rest.range(of: #"\{\w+\}"#, options: .regularExpression) {
      let name = String(rest[gap].dropFirst().dropLast())
      filled += rest[..<gap.lowerBound] + (values[name] ?? String(rest[gap]))
      rest = rest[gap.upperBound...]
    }
    return filled + rest
  }

  private static let model = [[ file|swift ]]
  private static let width = [[ width|whole ]]
  private static let height = [[ height|whole ]]
  private static let top = [[ top|whole ]]
  private static let ratio = [[ ratio|number ]]  // from this share of the winner on, a class is a rival
  private static let floor = [[ floor|number ]]  // below this probability the winner is too weak
  private static let mostNamed = 5
[% if familiar is not none %]
  private static let familiar = [[ familiar|number ]]  // below this score a photo is unlike all that the model learned from
[% endif %]
[% if not is_plain and (mean or std) %]
  private static let mean: [Float] = [ [%- for value in mean or (0, 0, 0) %][[ value|number ]][% if not loop.last %], [% endif %][% endfor -%] ]
  private static let std: [Float] = [ [%- for value in std or (1, 1, 1) %][[ value|number ]][% if not loop.last %], [% endif %][% endfor -%] ]
[% endif %]
  private static let sentences = [
[% for name in said %]
    [[ name|swift ]]: [[ sentences[name]|swift ]],
[% endfor %]
[% if groups %]
[% for name in ("groupAndKind", "group", "kindClose", "kindWeak", "kindNone") %]
    [[ name|swift ]]: [[ sentences[name]|swift ]],
[% endfor %]
[% endif %]
  ]
[% if groups %]
  private static let groupFloor = [[ group_floor|number ]]  // below this probability a group is too weak
  /// Everyday groups of classes, by position: "281-285" are five.
  private static let groups: [(phrase: String, spans: String)] = [
[% for phrase, spans in groups.items() %]
    ([[ phrase|swift ]], [[ spans|swift ]]),
[% endfor %]
  ]
[% endif %]
}
