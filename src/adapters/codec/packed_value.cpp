#include "adapters/codec/packed_value.hpp"

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/clock.hpp"
#include "base/utf8.hpp"
#include "wire/socketio/placeholder.hpp"

namespace togglecast::adapters {
namespace {

using Tree = nlohmann::json;

constexpr std::uint8_t kTimeExtension = 0xff;       // -1, of the MessagePack specification
constexpr std::uint8_t kUndefinedExtension = 0x00;  // notepack.io: one zero byte; longer: an ArrayBuffer

std::uint64_t big_endian(const std::vector<std::uint8_t>& bytes, std::size_t from, std::size_t count) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < count; ++i) number = number << 8U | bytes[from + i];
  return number;
}

// The three forms of a timestamp, in milliseconds.
std::optional<std::int64_t> timestamp(const std::vector<std::uint8_t>& bytes) {
  constexpr std::int64_t kLatest = 253'402'300'799;  // of year 9999, the last with four digits
  std::int64_t seconds = 0;
  std::uint64_t nanoseconds = 0;
  if (bytes.size() == 4) {
    seconds = static_cast<std::int64_t>(big_endian(bytes, 0, 4));
  } else if (bytes.size() == 8) {
    const std::uint64_t both = big_endian(bytes, 0, 8);
    nanoseconds = both >> 34U;
    seconds = static_cast<std::int64_t>(both & 0x3'ffff'ffffU);
  } else if (bytes.size() == 12) {
    nanoseconds = big_endian(bytes, 0, 4);
    seconds = static_cast<std::int64_t>(big_endian(bytes, 4, 8));
  } else {
    return std::nullopt;
  }
  if (seconds < 0 || seconds > kLatest || nanoseconds > 999'999'999) return std::nullopt;
  return seconds * 1'000 + static_cast<std::int64_t>(nanoseconds / 1'000'000);
}

/// Receives what nlohmann's reader finds. Its calls are false to end the reading, also its recursion.
class TreeBuilder {
 public:
  explicit TreeBuilder(const PackedLimits& limits) : limits_(limits) {}

  bool null() { return add(nullptr); }
  bool boolean(bool value) { return add(value); }
  bool number_integer(Tree::number_integer_t value) { return add(value); }
  bool number_unsigned(Tree::number_unsigned_t value) {
    if (value <= static_cast<Tree::number_unsigned_t>(std::numeric_limits<std::int64_t>::max()))
      return add(static_cast<std::int64_t>(value));
    return add(value);
  }
  bool number_float(Tree::number_float_t value, const Tree::string_t&) { return add(value); }
  bool string(Tree::string_t& value) {
    return add(json::value(is_valid_utf8(value) ? value : replace_invalid_utf8(value)));
  }
  bool binary(Tree::binary_t& value) {
    if (value.has_subtype()) return extension(value);
    return bytes(value);
  }
  bool start_object(std::size_t) { return open(json::object{}); }
  bool start_array(std::size_t) { return open(json::array{}); }
  bool key(Tree::string_t& value) {
    frames_.back().key = is_valid_utf8(value) ? value : replace_invalid_utf8(value);
    return true;
  }
  bool end_object() { return shut(); }
  bool end_array() { return shut(); }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) {
    return refuse(Errc::parse_error, "MessagePack error at byte " + std::to_string(position));
  }

  [[nodiscard]] Result<PackedValue> take(bool complete) {
    if (error_) return tl::unexpected(*std::move(error_));
    if (!complete || !frames_.empty()) return fail(Errc::parse_error, "MessagePack ends too early");
    return std::move(result_);
  }

 private:
  struct Frame {
    json::value container;
    std::string key;
  };

  bool refuse(Errc code, std::string message) {
    if (!error_) error_ = Error{code, std::move(message)};
    return false;
  }
  bool add(json::value value) {
    if (++values_ > limits_.values) {
      return refuse(Errc::payload_too_large,
                    "MessagePack has more than " + std::to_string(limits_.values) + " values");
    }
    put(std::move(value));
    return true;
  }
  void put(json::value value) {
    if (frames_.empty()) {
      result_.value = std::move(value);
    } else if (auto* array = frames_.back().container.if_array()) {
      array->push_back(std::move(value));
    } else {
      frames_.back().container.get_object()[frames_.back().key] = std::move(value);
    }
  }
  bool open(json::value container) {
    if (frames_.size() >= limits_.depth) {
      return refuse(Errc::payload_too_large,
                    "MessagePack is nested deeper than " + std::to_string(limits_.depth));
    }
    if (++values_ > limits_.values) {
      return refuse(Errc::payload_too_large,
                    "MessagePack has more than " + std::to_string(limits_.values) + " values");
    }
    frames_.push_back({std::move(container), {}});
    return true;
  }
  bool shut() {
    json::value done = std::move(frames_.back().container);
    frames_.pop_back();
    put(std::move(done));
    return true;
  }
  bool bytes(const std::vector<std::uint8_t>& value) {
    result_.attachments.emplace_back(
        std::string_view(reinterpret_cast<const char*>(value.data()), value.size()));
    return add(wire::socketio::make_placeholder(result_.attachments.size() - 1));
  }
  bool extension(const Tree::binary_t& value) {
    const auto type = static_cast<std::uint8_t>(value.subtype());
    if (type == kTimeExtension) {
      const auto time = timestamp(value);
      if (!time) return refuse(Errc::parse_error, "MessagePack has a timestamp that is none");
      return add(json::value(to_iso8601({*time})));
    }
    if (type == kUndefinedExtension) {
      if (value.size() == 1 && value.front() == 0) return add(nullptr);
      return bytes(value);
    }
    return refuse(Errc::parse_error, "MessagePack has the unknown extension " + std::to_string(type));
  }

  PackedLimits limits_;
  PackedValue result_;
  std::vector<Frame> frames_;
  std::size_t values_ = 0;
  std::optional<Error> error_;
};

Result<void> check_size(std::string_view bytes, const PackedLimits& limits) {
  if (bytes.size() <= limits.bytes) return {};
  return fail(Errc::payload_too_large, "a message of " + std::to_string(bytes.size()) +
                                           " bytes is longer than " + std::to_string(limits.bytes));
}

Tree to_tree(const json::value& value, const std::vector<SharedBytes>& attachments) {
  switch (value.kind()) {
    case json::kind::null:
      return nullptr;
    case json::kind::bool_:
      return value.get_bool();
    case json::kind::int64:
      return value.to_number<std::int64_t>();
    case json::kind::uint64:
      return value.to_number<std::uint64_t>();
    case json::kind::double_:
      return value.get_double();
    case json::kind::string:
      return std::string(value.get_string());
    case json::kind::array: {
      Tree list = Tree::array();
      for (const auto& element : value.get_array()) list.push_back(to_tree(element, attachments));
      return list;
    }
    case json::kind::object: {
      const auto& object = value.get_object();
      if (!attachments.empty() && wire::socketio::is_placeholder(object)) {
        const auto index = wire::socketio::placeholder_index(object, attachments.size());
        if (!index) return nullptr;
        const std::string_view bytes = attachments[*index].view();
        return Tree::binary(std::vector<std::uint8_t>(bytes.begin(), bytes.end()));
      }
      Tree map = Tree::object();
      for (const auto& member : object) map[std::string(member.key())] = to_tree(member.value(), attachments);
      return map;
    }
  }
  return nullptr;
}

}  // namespace

Result<PackedValue> read_msgpack(std::string_view bytes, const PackedLimits& limits) {
  if (auto fits = check_size(bytes, limits); !fits) return tl::unexpected(std::move(fits.error()));
  TreeBuilder builder(limits);
  const bool complete =
      Tree::sax_parse(bytes.begin(), bytes.end(), &builder, Tree::input_format_t::msgpack, true);
  return builder.take(complete);
}

Result<PackedValue> read_packed(std::string_view bytes, const PackedLimits& limits) {
  if (!bytes.starts_with('{')) return read_msgpack(bytes, limits);
  if (auto fits = check_size(bytes, limits); !fits) return tl::unexpected(std::move(fits.error()));
  auto value = json::parse(bytes, {.depth = limits.depth});
  if (!value) return tl::unexpected(std::move(value.error()));
  return PackedValue{*std::move(value)};
}

std::string write_msgpack(const json::value& value, const std::vector<SharedBytes>& attachments) {
  std::string bytes;
  Tree::to_msgpack(to_tree(value, attachments), bytes);
  return bytes;
}

}  // namespace togglecast::adapters
