#include "adapters/codec/pickle.hpp"

#include <cstdint>
#include <cstring>
#include <optional>
#include <unordered_map>
#include <utility>
#include <variant>

#include "base/utf8.hpp"
#include "wire/socketio/placeholder.hpp"

namespace togglecast::adapters {
namespace {

enum class Opcode : std::uint8_t {
  mark = '(',
  stop = '.',
  binfloat = 'G',
  binint = 'J',
  binint1 = 'K',
  binint2 = 'M',
  none = 'N',
  binbytes = 'B',
  short_binbytes = 'C',
  binunicode = 'X',
  append = 'a',
  appends = 'e',
  binget = 'h',
  long_binget = 'j',
  binput = 'q',
  long_binput = 'r',
  setitem = 's',
  tuple = 't',
  setitems = 'u',
  empty_tuple = ')',
  empty_list = ']',
  empty_dict = '}',
  proto = 0x80,
  tuple1 = 0x85,
  tuple2 = 0x86,
  tuple3 = 0x87,
  newtrue = 0x88,
  newfalse = 0x89,
  long1 = 0x8a,
  short_binunicode = 0x8c,
  binunicode8 = 0x8d,
  binbytes8 = 0x8e,
  memoize = 0x94,
  frame = 0x95,
};

constexpr std::uint8_t kNewestProtocol = 5;

using NodeIndex = std::uint32_t;

struct PickleBytes {
  std::string_view bytes;
};
struct PickleSequence {
  bool tuple = false;
  std::vector<NodeIndex> items{};
};
struct PickleDict {
  std::vector<std::pair<NodeIndex, NodeIndex>> items;
};
using PickleNode = std::variant<std::nullptr_t, bool, std::int64_t, double, std::string_view, PickleBytes,
                                PickleSequence, PickleDict>;

/// The virtual machine: a stack of values, marks in it, and a memo.
class Unpickler {
 public:
  Unpickler(std::string_view bytes, const PackedLimits& limits) : bytes_(bytes), limits_(limits) {}

  /// Runs to the STOP. Returns false with `error()`.
  bool run() {
    while (true) {
      at_ = position_;
      const auto code = take_byte();
      if (!code) return broken("ends without STOP");
      if (static_cast<Opcode>(*code) == Opcode::stop) {
        if (stack_.size() != 1 || !marks_.empty()) return broken("STOP must find one value");
        if (position_ != bytes_.size()) return broken("bytes follow the STOP");
        return true;
      }
      if (!step(*code)) return false;
      if (nodes_.size() > limits_.values || memo_.size() > limits_.values)
        return too_large("has more than " + std::to_string(limits_.values) + " values");
    }
  }

  [[nodiscard]] const PickleNode& root() const { return nodes_[stack_.front()]; }
  [[nodiscard]] const PickleNode& node(NodeIndex index) const { return nodes_[index]; }
  [[nodiscard]] Error error() { return *std::move(error_); }

 private:
  bool refuse(Errc code, const std::string& what) {
    error_ = Error{code, "pickle error at byte " + std::to_string(at_) + ": " + what};
    return false;
  }
  bool broken(const std::string& what) { return refuse(Errc::parse_error, what); }
  bool too_large(const std::string& what) { return refuse(Errc::payload_too_large, what); }
  bool ends() { return broken("ends inside a value"); }

  std::optional<std::uint8_t> take_byte() {
    if (position_ >= bytes_.size()) return std::nullopt;
    return static_cast<std::uint8_t>(bytes_[position_++]);
  }
  std::optional<std::string_view> take(std::uint64_t count) {
    if (count > bytes_.size() - position_) return std::nullopt;
    const auto part = bytes_.substr(position_, count);
    position_ += count;
    return part;
  }
  /// A number of `count` bytes, the lowest first.
  std::optional<std::uint64_t> take_number(std::size_t count) {
    const auto part = take(count);
    if (!part) return std::nullopt;
    std::uint64_t number = 0;
    for (std::size_t i = count; i > 0; --i) number = number << 8U | static_cast<std::uint8_t>((*part)[i - 1]);
    return number;
  }

  bool push(PickleNode node) {
    stack_.push_back(static_cast<NodeIndex>(nodes_.size()));
    nodes_.push_back(std::move(node));
    return true;
  }
  /// The top `count` values above the last mark, or nothing.
  std::optional<std::vector<NodeIndex>> pop(std::size_t count) {
    const std::size_t floor = marks_.empty() ? 0 : marks_.back();
    if (stack_.size() < floor + count) return std::nullopt;
    std::vector<NodeIndex> values(stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end());
    stack_.resize(stack_.size() - count);
    return values;
  }
  /// All values above the last mark, and the mark.
  std::optional<std::vector<NodeIndex>> pop_mark() {
    if (marks_.empty()) return std::nullopt;
    auto values = pop(stack_.size() - marks_.back());
    marks_.pop_back();
    return values;
  }
  template <typename T>
  T* top() {
    const std::size_t floor = marks_.empty() ? 0 : marks_.back();
    return stack_.size() <= floor ? nullptr : std::get_if<T>(&nodes_[stack_.back()]);
  }

  bool step(std::uint8_t code) {
    switch (static_cast<Opcode>(code)) {
      case Opcode::stop:
        return true;  // the caller's
      case Opcode::proto: {
        const auto version = take_byte();
        if (!version) return ends();
        return *version <= kNewestProtocol || broken("unknown protocol " + std::to_string(*version));
      }
      case Opcode::frame:
        return take_number(8).has_value() || ends();
      case Opcode::mark:
        marks_.push_back(stack_.size());
        return marks_.size() <= limits_.values || too_large("has too many marks");
      case Opcode::none:
        return push(nullptr);
      case Opcode::newtrue:
        return push(true);
      case Opcode::newfalse:
        return push(false);
      case Opcode::binint:
      case Opcode::binint1:
      case Opcode::binint2:
      case Opcode::long1:
      case Opcode::binfloat:
        return push_number(static_cast<Opcode>(code));
      case Opcode::short_binunicode:
        return push_text(1);
      case Opcode::binunicode:
        return push_text(4);
      case Opcode::binunicode8:
        return push_text(8);
      case Opcode::short_binbytes:
        return push_bytes(1);
      case Opcode::binbytes:
        return push_bytes(4);
      case Opcode::binbytes8:
        return push_bytes(8);
      case Opcode::empty_list:
        return push(PickleSequence{});
      case Opcode::empty_tuple:
        return push(PickleSequence{true});
      case Opcode::empty_dict:
        return push(PickleDict{});
      case Opcode::tuple1:
        return push_tuple(pop(1));
      case Opcode::tuple2:
        return push_tuple(pop(2));
      case Opcode::tuple3:
        return push_tuple(pop(3));
      case Opcode::tuple:
        return push_tuple(pop_mark());
      case Opcode::append:
        return extend_list(pop(1));
      case Opcode::appends:
        return extend_list(pop_mark());
      case Opcode::setitem:
        return extend_dict(pop(2));
      case Opcode::setitems:
        return extend_dict(pop_mark());
      case Opcode::memoize:
        return remember(memo_.size());
      case Opcode::binput:
        return remember(take_number(1));
      case Opcode::long_binput:
        return remember(take_number(4));
      case Opcode::binget:
        return recall(take_number(1));
      case Opcode::long_binget:
        return recall(take_number(4));
    }
    return refuse(Errc::forbidden, "opcode " + std::to_string(code) + " is not of a plain value");
  }

  bool push_number(Opcode code) {
    if (code == Opcode::binfloat) {
      const auto part = take(8);
      if (!part) return ends();
      std::uint64_t bits = 0;
      for (const char c : *part) bits = bits << 8U | static_cast<std::uint8_t>(c);
      double number = 0;
      std::memcpy(&number, &bits, sizeof number);
      return push(number);
    }
    std::size_t size = code == Opcode::binint ? 4 : code == Opcode::binint2 ? 2 : 1;
    if (code == Opcode::long1) {
      const auto length = take_byte();
      if (!length) return ends();
      if (*length > 8) return too_large("an int has more than 64 bits");
      size = *length;
    }
    const auto number = take_number(size);
    if (!number) return ends();
    const bool is_signed = code == Opcode::binint || code == Opcode::long1;
    std::uint64_t bits = *number;
    if (is_signed && size > 0 && size < 8 && (bits >> (size * 8 - 1)) != 0)
      bits |= ~std::uint64_t{0} << (size * 8);
    return push(static_cast<std::int64_t>(bits));
  }
  std::optional<std::string_view> take_counted(std::size_t size) {
    const auto length = take_number(size);
    return length ? take(*length) : std::nullopt;
  }
  bool push_text(std::size_t size) {
    const auto text = take_counted(size);
    return text ? push(*text) : ends();
  }
  bool push_bytes(std::size_t size) {
    const auto part = take_counted(size);
    return part ? push(PickleBytes{*part}) : ends();
  }
  bool push_tuple(std::optional<std::vector<NodeIndex>> items) {
    if (!items) return broken("a tuple lacks its items");
    return push(PickleSequence{true, *std::move(items)});
  }
  bool extend_list(const std::optional<std::vector<NodeIndex>>& items) {
    auto* list = items ? top<PickleSequence>() : nullptr;
    if (list == nullptr || list->tuple) return broken("items without a list");
    list->items.insert(list->items.end(), items->begin(), items->end());
    return grown(items->size());
  }
  bool extend_dict(const std::optional<std::vector<NodeIndex>>& items) {
    auto* dict = items ? top<PickleDict>() : nullptr;
    if (dict == nullptr || items->size() % 2 != 0) return broken("items without a dictionary");
    for (std::size_t i = 0; i < items->size(); i += 2) dict->items.emplace_back((*items)[i], (*items)[i + 1]);
    return grown(items->size());
  }
  // A value may be put many times by the memo.
  bool grown(std::size_t by) {
    links_ += by;
    return links_ <= limits_.values ||
           too_large("has more than " + std::to_string(limits_.values) + " values");
  }
  bool remember(std::optional<std::uint64_t> place) {
    if (!place) return ends();
    if (stack_.empty()) return broken("nothing to remember");
    memo_[*place] = stack_.back();
    return true;
  }
  bool recall(std::optional<std::uint64_t> place) {
    if (!place) return ends();
    const auto found = memo_.find(*place);
    if (found == memo_.end()) return broken("no value " + std::to_string(*place) + " in the memo");
    stack_.push_back(found->second);
    return stack_.size() <= limits_.values || too_large("has too many values on its stack");
  }

  std::string_view bytes_;
  const PackedLimits& limits_;
  std::size_t position_ = 0;
  std::size_t at_ = 0;  // of the opcode
  std::vector<PickleNode> nodes_;
  std::vector<NodeIndex> stack_;
  std::vector<std::size_t> marks_;
  std::unordered_map<std::uint64_t, NodeIndex> memo_;
  std::size_t links_ = 0;
  std::optional<Error> error_;
};

/// Writes the values out as a tree, with bounds, because the memo can make a small pickle a large tree.
class PickleTree {
 public:
  PickleTree(const Unpickler& machine, const PackedLimits& limits) : machine_(machine), limits_(limits) {}

  Result<json::value> write(const PickleNode& node, std::size_t depth) {
    if (depth > limits_.depth)
      return fail(Errc::payload_too_large, "pickle is nested deeper than " + std::to_string(limits_.depth));
    if (++values_ > limits_.values) {
      return fail(Errc::payload_too_large,
                  "pickle has more than " + std::to_string(limits_.values) + " values");
    }
    return std::visit([&](const auto& value) { return write_value(value, depth); }, node);
  }
  std::vector<SharedBytes>& attachments() noexcept { return attachments_; }

 private:
  Result<json::value> write_value(std::nullptr_t, std::size_t) { return json::value(nullptr); }
  Result<json::value> write_value(bool value, std::size_t) { return json::value(value); }
  Result<json::value> write_value(std::int64_t value, std::size_t) { return json::value(value); }
  Result<json::value> write_value(double value, std::size_t) { return json::value(value); }
  Result<json::value> write_value(std::string_view value, std::size_t) {
    if (auto fits = count_bytes(value.size()); !fits) return tl::unexpected(std::move(fits.error()));
    return json::value(is_valid_utf8(value) ? std::string(value) : replace_invalid_utf8(value));
  }
  Result<json::value> write_value(const PickleBytes& value, std::size_t) {
    if (auto fits = count_bytes(value.bytes.size()); !fits) return tl::unexpected(std::move(fits.error()));
    attachments_.emplace_back(value.bytes);
    return wire::socketio::make_placeholder(attachments_.size() - 1);
  }
  Result<json::value> write_value(const PickleSequence& value, std::size_t depth) {
    json::array list;
    for (const NodeIndex item : value.items) {
      auto element = write(machine_.node(item), depth + 1);
      if (!element) return element;
      list.push_back(*std::move(element));
    }
    return json::value(std::move(list));
  }
  Result<json::value> write_value(const PickleDict& value, std::size_t depth) {
    json::object object;
    for (const auto& [name, item] : value.items) {
      std::string key;
      if (const auto* text = std::get_if<std::string_view>(&machine_.node(name))) {
        key = is_valid_utf8(*text) ? std::string(*text) : replace_invalid_utf8(*text);
      } else if (const auto* number = std::get_if<std::int64_t>(&machine_.node(name))) {
        key = std::to_string(*number);
      } else {
        return fail(Errc::parse_error, "pickle has a dictionary with a key that is neither text nor int");
      }
      if (auto fits = count_bytes(key.size()); !fits) return tl::unexpected(std::move(fits.error()));
      auto element = write(machine_.node(item), depth + 1);
      if (!element) return element;
      object[key] = *std::move(element);
    }
    return json::value(std::move(object));
  }
  Result<void> count_bytes(std::size_t count) {
    bytes_ += count;
    if (bytes_ <= limits_.bytes) return {};
    return fail(Errc::payload_too_large,
                "pickle has more than " + std::to_string(limits_.bytes) + " bytes of text");
  }

  const Unpickler& machine_;
  const PackedLimits& limits_;
  std::vector<SharedBytes> attachments_;
  std::size_t values_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace

Result<UnpickledMessage> read_pickle(std::string_view bytes, const PackedLimits& limits) {
  if (bytes.size() > limits.bytes) {
    return fail(Errc::payload_too_large, "a message of " + std::to_string(bytes.size()) +
                                             " bytes is longer than " + std::to_string(limits.bytes));
  }
  Unpickler machine(bytes, limits);
  if (!machine.run()) return tl::unexpected(machine.error());
  const auto* dict = std::get_if<PickleDict>(&machine.root());
  if (dict == nullptr) return fail(Errc::parse_error, "pickle is not of a dictionary");
  PickleTree tree(machine, limits);
  auto value = tree.write(machine.root(), 1);
  if (!value) return tl::unexpected(std::move(value.error()));
  UnpickledMessage unpickled{{*std::move(value), std::move(tree.attachments())}, {}};
  for (const auto& [name, item] : dict->items) {
    const auto* sequence = std::get_if<PickleSequence>(&machine.node(item));
    const auto* key = std::get_if<std::string_view>(&machine.node(name));
    if (sequence != nullptr && sequence->tuple && key != nullptr) unpickled.tuples.emplace_back(*key);
  }
  return unpickled;
}

}  // namespace togglecast::adapters
