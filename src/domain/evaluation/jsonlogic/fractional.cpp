#include "domain/evaluation/jsonlogic/fractional.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "domain/evaluation/jsonlogic/murmur3.hpp"

namespace togglecast::domain::evaluation {
namespace {

// The flag's key and the targeting key, one after the other; nothing without a targeting key.
std::optional<std::string_view> default_text(const Value& data, const Workspace& work) {
  const Value targeting_key = data.member("targetingKey");
  if (!targeting_key.is_text() || targeting_key.text().empty()) return std::nullopt;
  const Value flag_key = data.member("$flagd").member("flagKey");
  const std::string_view head = flag_key.is_text() ? flag_key.text() : std::string_view{};
  const std::string_view tail = targeting_key.text();
  if (!work.meter.take_bytes(head.size() + tail.size())) return std::nullopt;
  auto* out = static_cast<char*>(work.memory.allocate(head.size() + tail.size(), 1));
  std::copy(tail.begin(), tail.end(), std::copy(head.begin(), head.end(), out));
  return std::string_view(out, head.size() + tail.size());
}

struct Bucket {
  Value variant;
  std::int64_t weight = 1;
};

std::optional<Bucket> read_v2(const Value& distribution) {
  if (!distribution.is_array() || distribution.size() == 0) return std::nullopt;
  Bucket bucket{distribution.at(0)};
  switch (bucket.variant.kind()) {
    case Value::Kind::undefined:
    case Value::Kind::null:
    case Value::Kind::boolean:
    case Value::Kind::number:
    case Value::Kind::text:
      break;
    default:  // arrays and objects name no variant
      return std::nullopt;
  }
  if (distribution.size() < 2 || distribution.at(1).is_nothing()) return bucket;
  const Value weight = distribution.at(1);
  if (!weight.is_number() || std::trunc(weight.number()) != weight.number()) return std::nullopt;
  if (weight.number() > static_cast<double>(kMaxTotalWeight)) return std::nullopt;
  bucket.weight = static_cast<std::int64_t>(std::max(0.0, weight.number()));
  return bucket;
}

std::optional<Bucket> read_v1(const Value& distribution) {
  if (!distribution.is_array() || distribution.size() == 0) return std::nullopt;
  Bucket bucket{distribution.at(0)};
  if (!bucket.variant.is_text()) return std::nullopt;
  if (distribution.size() < 2 || !distribution.at(1).is_number()) return bucket;
  const double weight = distribution.at(1).number();
  if (!(std::abs(weight) <= static_cast<double>(kMaxTotalWeight))) return std::nullopt;
  bucket.weight = static_cast<std::int64_t>(weight);
  return bucket;
}

// The first pass adds the weights up, the second finds the bucket: no memory for buckets is needed.
std::optional<std::int64_t> total_weight(std::span<const Value> distributions, Bucketing bucketing) {
  std::int64_t total = 0;
  for (const Value& distribution : distributions) {
    const auto bucket = bucketing == Bucketing::v1 ? read_v1(distribution) : read_v2(distribution);
    if (!bucket) return std::nullopt;
    total += bucket->weight;
    if (total > kMaxTotalWeight && bucketing == Bucketing::v2) return std::nullopt;
  }
  return total;
}

Value choose_v2(std::uint32_t hash, std::int64_t total, std::span<const Value> distributions) {
  const auto place =
      static_cast<std::int64_t>((std::uint64_t{hash} * static_cast<std::uint64_t>(total)) >> 32);
  std::int64_t end = 0;
  for (const Value& distribution : distributions) {
    const auto bucket = read_v2(distribution);
    end += bucket->weight;
    if (place < end) return bucket->variant;
  }
  return Value::null();
}

Value choose_v1(std::uint32_t hash, std::int64_t total, std::span<const Value> distributions) {
  constexpr double kLargest = std::numeric_limits<std::int32_t>::max();
  const double place = std::abs(static_cast<double>(static_cast<std::int32_t>(hash))) / kLargest * 100;
  double end = 0;
  for (const Value& distribution : distributions) {
    const auto bucket = read_v1(distribution);
    end += 100 * static_cast<double>(bucket->weight) / static_cast<double>(total);
    if (place < end) return bucket->variant;
  }
  return Value::null();
}

}  // namespace

std::string_view to_string(Bucketing bucketing) noexcept {
  switch (bucketing) {
    case Bucketing::v1:
      return "v1";
    case Bucketing::v2:
      return "v2";
  }
  return "";
}

std::optional<Bucketing> parse_bucketing(std::string_view text) noexcept {
  if (text == "v1") return Bucketing::v1;
  if (text == "v2") return Bucketing::v2;
  return std::nullopt;
}

Value fractional(std::span<const Value> arguments, const Value& data, Bucketing bucketing,
                 const Workspace& work) {
  const std::size_t least = bucketing == Bucketing::v1 ? 2 : 1;
  if (arguments.size() < least) return Value::null();
  std::optional<std::string_view> text;
  if (arguments.front().is_text()) {
    text = arguments.front().text();
    arguments = arguments.subspan(1);
  } else {
    if (arguments.front().is_nothing()) arguments = arguments.subspan(1);
    text = default_text(data, work);
  }
  if (!text || !work.meter.take_scanned(text->size())) return Value::null();
  const auto total = total_weight(arguments, bucketing);
  if (!total || *total == 0) return Value::null();
  const std::uint32_t hash = murmur3(*text);
  return bucketing == Bucketing::v1 ? choose_v1(hash, *total, arguments) : choose_v2(hash, *total, arguments);
}

}  // namespace togglecast::domain::evaluation
