package org.example.discern

import android.content.Context
import android.graphics.Bitmap
import android.graphics.Canvas
import android.graphics.Color
import android.graphics.Paint
import android.graphics.Rect
import com.google.ai.edge.litert.Accelerator
import com.google.ai.edge.litert.CompiledModel
[% if familiar is not none %]
import java.util.Locale
[% endif %]
import kotlin.math.abs
import kotlin.math.exp
import kotlin.math.round

/**
 * Classifies photos, and says so when no class stands out.
 *
 * In app/build.gradle.kts: implementation("com.google.ai.edge.litert:litert:2.3.0"). In app/src/main/assets: the
 * model's file and labels.txt. Make one and keep it; call it on a background thread, one call at a time.
 */
class Discern(context: Context) : AutoCloseable {
  class Prediction(val index: Int, val label: String, val probability: Double)

[% if familiar is none %]
  /** [kind] is "clear", "close" (a rival), "weak" (a weak winner) or "none" (both); [sentence] says it in words. */
  class Answer(val predictions: List<Prediction>, val kind: String, val sentence: String)
[% else %]
  /**
   * [kind] is "clear", "close" (a rival), "weak" (a weak winner) or "none" (both). A photo is [unfamiliar] if it is unlike
   * all that the model learned from. [sentence] says it in words.
   */
  class Answer(val predictions: List<Prediction>, val kind: String, val sentence: String, val unfamiliar: Boolean)
[% endif %]

  private val labels = context.assets.open("labels.txt").bufferedReader().use { it.readLines() }
  private val model = CompiledModel.create(context.assets, MODEL, CompiledModel.Options(Accelerator.CPU))
  private val inputs = model.createInputBuffers()
  private val outputs = model.createOutputBuffers()

  /** [photo]: upright. Throws [IllegalStateException] if the model's answer is not a set of probabilities. */
  fun classify(photo: Bitmap): Answer {
    writeInput(scaled(photo))
    model.run(inputs, outputs)
[% if familiar is none %]
    return judge(toProbabilities(readOutput()))
[% else %]
    return judge(toProbabilities(readOutput()), outputs[1].readFloat()[0].toDouble())
[% endif %]
  }

  override fun close() {
    inputs.forEach { it.close() }
    outputs.forEach { it.close() }
    model.close()
  }

  /** The part of the photo that the model looks at, on white; halved step by step, since one large step skips pixels. */
  private fun scaled(photo: Bitmap): IntArray {
    val source = if (photo.config == Bitmap.Config.HARDWARE) photo.copy(Bitmap.Config.ARGB_8888, false) else photo
[% if resize in ("square", "middle") %]
[% if resize == "square" %]
    // The middle in the shape of the input, 87.5% of the shorter side.
[% else %]
    // The middle in the shape of the input, all of the shorter side.
[% endif %]
    val isNarrow = photo.width.toLong() * HEIGHT <= photo.height.toLong() * WIDTH
[% if resize == "square" %]
    val (share, whole) = if (isNarrow) 7L * photo.width to 8L * WIDTH else 7L * photo.height to 8L * HEIGHT
[% else %]
    val (share, whole) = if (isNarrow) 1L * photo.width to 1L * WIDTH else 1L * photo.height to 1L * HEIGHT
[% endif %]
    val width = (WIDTH * share / whole).toInt().coerceAtLeast(1)
    val height = (HEIGHT * share / whole).toInt().coerceAtLeast(1)
    val left = (photo.width - width + 1) / 2
    val top = (photo.height - height + 1) / 2
    val part = Rect(left, top, left + width, top + height)
[% elif resize == "crop" %]
    val left = (photo.width * 0.125 / 2).toInt() // the middle 87.5% of each side
    val top = (photo.height * 0.125 / 2).toInt()
    val part = Rect(left, top, photo.width - left, photo.height - top)
[% else %]
    val part = Rect(0, 0, photo.width, photo.height)
[% endif %]
    var image = drawn(source, part, part.width(), part.height())
    while (image.width >= 2 * WIDTH && image.height >= 2 * HEIGHT) image = resized(image, image.width / 2, image.height / 2)
    val pixels = IntArray(WIDTH * HEIGHT)
    resized(image, WIDTH, HEIGHT).getPixels(pixels, 0, WIDTH, 0, 0, WIDTH, HEIGHT)
    return pixels
  }

  private fun resized(image: Bitmap, width: Int, height: Int) =
    drawn(image, Rect(0, 0, image.width, image.height), width, height)

  private fun drawn(image: Bitmap, part: Rect, width: Int, height: Int): Bitmap {
    val result = Bitmap.createBitmap(width, height, Bitmap.Config.ARGB_8888)
    Canvas(result).apply {
      drawColor(Color.WHITE)
      drawBitmap(image, part, Rect(0, 0, width, height), Paint(Paint.FILTER_BITMAP_FLAG))
    }
    return result
  }

  private fun writeInput(pixels: IntArray) {
    fun byteAt(i: Int) = pixels[i / 3] shr (16 - 8 * (i % 3)) and 0xFF // red, green, blue
[% if dtype == "float32" %]
    inputs[0].writeFloat(FloatArray(pixels.size * 3) { i -> real(byteAt(i), i % 3) })
[% elif is_plain and dtype == "uint8" %]
    inputs[0].writeInt8(ByteArray(pixels.size * 3) { i -> byteAt(i).toByte() })
[% elif is_plain %]
    inputs[0].writeInt8(ByteArray(pixels.size * 3) { i -> (byteAt(i) - 128).toByte() })
[% else %]
    inputs[0].writeInt8(ByteArray(pixels.size * 3) { i ->
      val step = round(real(byteAt(i), i % 3) / [[ input_scale|number ]]).toInt() + [[ input_zero|whole ]]
      step.coerceIn([[ least|whole ]], [[ most|whole ]]).toByte()
    })
[% endif %]
  }

[% if not is_plain %]
  /** What a byte of a channel means to the model. */
  private fun real(byte: Int, channel: Int): Float {
    val value = byte * [[ slope|number ]]f + [[ low|number ]]f
[% if mean or std %]
    return (value - MEAN[channel]) / STD[channel]
[% else %]
    return value
[% endif %]
  }

[% endif %]
  private fun readOutput(): DoubleArray {
[% if output_type == "float32" %]
    return outputs[0].readFloat().map { it.toDouble() }.toDoubleArray()
[% elif output_type == "uint8" %]
    val steps = outputs[0].readInt8().map { it.toInt() and 0xFF }
    return steps.map { (it - [[ output_zero|whole ]]) * [[ (output_scale or 1)|number ]] }.toDoubleArray()
[% else %]
    return outputs[0].readInt8().map { (it - [[ output_zero|whole ]]) * [[ (output_scale or 1)|number ]] }.toDoubleArray()
[% endif %]
  }

  private fun toProbabilities(raw: DoubleArray): DoubleArray {
    var values = raw
    check(values.all { it.isFinite() }) { NOT_FINITE }
[% if classes == 2 %]
    if (values.size == 1) {
[% if activation == "logits" %]
      val one = 1 / (1 + exp(-values[0]))
[% else %]
      val one = values[0]
[% endif %]
      values = doubleArrayOf(1 - one, one)
    }[% if activation == "logits" %] else {
      val most = values.max()
      values = normalised(values.map { exp(it - most) }.toDoubleArray())
    }[% endif %]

[% elif activation == "logits" %]
    val most = values.max()
    values = normalised(values.map { exp(it - most) }.toDoubleArray())
[% endif %]
[% if slack is not none %]
    val isOff = values.sum() > 0 && abs(values.sum() - 1) > [[ slack|number ]]
    check(!isOff || values.any { it < -1e-5 }) { NOT_SHARES }
[% endif %]
[% if background == "first" %]
    values = values.copyOfRange(1, values.size) // the first class is the background
[% elif background == "last" %]
    values = values.copyOfRange(0, values.size - 1) // the last class is the background
[% endif %]
    check(values.size == labels.size) { fill(WRONG_NUMBER, mapOf("found" to values.size, "expected" to labels.size)) }
    check(values.all { it >= -1e-5 }) { NEGATIVE }
    return normalised(values.map { it.coerceAtLeast(0.0) }.toDoubleArray())
  }

  private fun normalised(values: DoubleArray): DoubleArray {
    val total = values.sum()
    check(total > 0) { ONLY_ZEROS }
    return values.map { it / total }.toDoubleArray()
  }

  private fun judge(probabilities: DoubleArray[% if familiar is not none %], score: Double[% endif %]): Answer {
    val ranked = probabilities.indices.sortedByDescending { probabilities[it] }
      .map { Prediction(it, labels[it], probabilities[it]) }
    val p1 = ranked[0].probability
    val p2 = ranked.getOrNull(1)?.probability ?: 0.0
    val hasRival = p2 >= RATIO * p1
    val isWeak = p1 < FLOOR
    val kind = if (hasRival) { if (isWeak) "none" else "close" } else { if (isWeak) "weak" else "clear" }
    val sentence = fill(
      SENTENCES.getValue(if (kind == "clear" && p1 < 0.5) "clearOfMany" else kind),
      mapOf("label" to ranked[0].label, "percent" to percent(p1), "classes" to labels.size,
        "names" to namesOfRunning(ranked)),
    )
[% if groups %]
    val group = if (kind == "clear") null else explainGroup(ranked)
    val verdict = group ?: sentence
[% else %]
    val verdict = sentence
[% endif %]
[% if familiar is none %]
    return Answer(ranked.take(TOP), kind, verdict)
[% else %]
    if (score >= FAMILIAR) return Answer(ranked.take(TOP), kind, verdict, false)
[% if hint %]
    if (kind != "clear") return Answer(ranked.take(TOP), kind, verdict, true) // doubt enough
[% endif %]
    val (said, needed) = numbers(score)
    val values = mapOf("label" to ranked[0].label, "score" to said, "needed" to needed)
    return Answer(ranked.take(TOP), kind, fill(SENTENCES.getValue("unfamiliar"), values), true)
[% endif %]
  }

[% if familiar is not none %]
  /** The score and the one needed, with as few digits as tell them apart. */
  private fun numbers(score: Double, digits: Int = [[ digits|whole ]]): Pair<String, String> {
    val (said, needed) = listOf(score, FAMILIAR).map { "%.${digits}f".format(Locale.ROOT, it) }
    return if (said == needed && digits < [[ most_digits|whole ]]) numbers(score, digits + 1) else said to needed
  }

[% endif %]
[% if groups %]
  /** Two sentences on the everyday group that stands out, such as all breeds of dog: it, and which kind; null if none. */
  private fun explainGroup(ranked: List<Prediction>): String? {
    val groupOf = IntArray(labels.size) { GROUPS.size } // what is in no group is the rest, which has no name
    GROUPS.forEachIndexed { number, (_, spans) ->
      for (span in spans.split(" ")) {
        for (i in span.substringBefore("-").toInt()..span.substringAfter("-").toInt()) groupOf[i] = number
      }
    }
    val sums = DoubleArray(GROUPS.size + 1)
    for (one in ranked.sortedBy { it.index }) sums[groupOf[one.index]] += one.probability
    val (first, second) = sums.indices.sortedByDescending { sums[it] }
    if (first == GROUPS.size || sums[first] < GROUP_FLOOR || sums[second] >= RATIO * sums[first]) return null
    val own = ranked.filter { groupOf[it.index] == first }
    val p1 = own[0].probability
    val several = if (p1 < FLOOR) "kindNone" else "kindClose"
    val kind = fill(
      SENTENCES.getValue(if (own[1].probability >= RATIO * p1) several else "kindWeak"),
      mapOf("label" to own[0].label, "percent" to percent(p1), "names" to namesOfRunning(own)),
    )
    val group = fill(
      SENTENCES.getValue("group"), mapOf("group" to GROUPS[first].first, "percent" to percent(minOf(sums[first], 1.0))),
    )
    return fill(SENTENCES.getValue("groupAndKind"), mapOf("group" to group, "kind" to kind))
  }

[% endif %]
  /** The classes that are rivals, and the winner: "cat 46%, dog 41% and 3 more". */
  private fun namesOfRunning(ranked: List<Prediction>): String {
    val running = ranked.filter { it.probability >= RATIO * ranked[0].probability }
    val names = running.take(MOST_NAMED)
      .joinToString(SENTENCES.getValue("separator")) { "${it.label} ${percent(it.probability)}" }
    val more = running.size - MOST_NAMED
    return if (more > 0) fill(SENTENCES.getValue("more"), mapOf("names" to names, "n" to more)) else names
  }

  companion object {
    private const val MODEL = [[ file|kotlin ]]
    private const val WIDTH = [[ width|whole ]]
    private const val HEIGHT = [[ height|whole ]]
    private const val TOP = [[ top|whole ]]
    private const val RATIO = [[ ratio|number ]] // from this share of the winner on, a class is a rival
    private const val FLOOR = [[ floor|number ]] // below this probability the winner is too weak
    private const val MOST_NAMED = 5
[% if familiar is not none %]
    private const val FAMILIAR = [[ familiar|number ]] // below this score a photo is unlike all that the model learned from
[% endif %]
[% if not is_plain and (mean or std) %]
    private val MEAN = floatArrayOf([% for value in mean or (0, 0, 0) %][[ value|number ]]f[% if not loop.last %], [% endif %][% endfor %])
    private val STD = floatArrayOf([% for value in std or (1, 1, 1) %][[ value|number ]]f[% if not loop.last %], [% endif %][% endfor %])
[% endif %]
    private val SENTENCES = mapOf(
[% for name in said %]
      [[ name|kotlin ]] to [[ sentences[name]|kotlin ]],
[% endfor %]
[% if groups %]
[% for name in ("groupAndKind", "group", "kindClose", "kindWeak", "kindNone") %]
      [[ name|kotlin ]] to [[ sentences[name]|kotlin ]],
[% endfor %]
[% endif %]
    )
[% if groups %]
    private const val GROUP_FLOOR = [[ group_floor|number ]] // below this probability a group is too weak

    /** Everyday groups of classes, by position: "281-285" are five. */
    private val GROUPS = listOf(
[% for phrase, spans in groups.items() %]
      [[ phrase|kotlin ]] to [[ spans|kotlin ]],
[% endfor %]
    )
[% endif %]
    private const val NOT_FINITE = [[ sentences.notFinite|kotlin ]]
    private const val WRONG_NUMBER = [[ sentences.wrongNumber|kotlin ]]
[% if slack is not none %]
    private const val NOT_SHARES = [[ sentences.notShares|kotlin ]]
[% endif %]
    private const val NEGATIVE = [[ sentences.negative|kotlin ]]
    private const val ONLY_ZEROS = [[ sentences.onlyZeros|kotlin ]]

    /** "91%"; never "0%" or "100%" unless it is exactly that. */
    fun percent(probability: Double): String {
      val whole = round(probability * 100).toInt()
      if (whole == 0 && probability > 0) return "<1%"
      if (whole == 100 && probability < 1) return ">99%"
      return "$whole%"
    }

    private val GAP = Regex("\\{(\\w+)\\}")

    private fun fill(sentence: String, values: Map<String, Any>) =
      GAP.replace(sentence) { values[it.groupValues[1]]?.toString() ?: it.value }
  }
}
