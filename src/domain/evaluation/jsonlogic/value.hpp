// The values of rules: a small view on JSON that owns nothing. Texts, arrays and objects point into the
// context, the program's constants or the memory of the running evaluation, which must outlive them.
// Thread rule: plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/json.hpp"

namespace togglecast::domain::evaluation {

/// The data that the rules of a flag see. A context can neither set nor shadow `$flagd` and `client`.
struct Root {
  const json::object* context = nullptr;  ///< may be absent
  const json::object* client = nullptr;   ///< the client's attributes, read as `client.*`; may be absent
  std::string_view targeting_key;         ///< of the client; the context's own `targetingKey` wins
  std::string_view flag_key;              ///< `$flagd.flagKey`
  std::int64_t timestamp = 0;             ///< `$flagd.timestamp`, seconds since 1970
};

struct Pair;

class Value {
 public:
  enum class Kind : std::uint8_t {
    undefined,
    null,
    boolean,
    number,
    text,
    array,   ///< of JSON
    list,    ///< made by this evaluation
    object,  ///< of JSON
    pair,    ///< the data of a rule in `reduce`: {current, accumulator}
    root,
    flagd,  ///< `$flagd` of a root
  };

  constexpr Value() noexcept = default;  ///< undefined
  [[nodiscard]] static Value null() noexcept { return Value(Kind::null); }
  explicit Value(bool truth) noexcept : boolean_(truth), kind_(Kind::boolean) {}
  explicit Value(double number) noexcept : number_(number), kind_(Kind::number) {}
  explicit Value(std::string_view text) noexcept
      : text_(text.data()), size_(static_cast<std::uint32_t>(text.size())), kind_(Kind::text) {}
  explicit Value(const json::array& elements) noexcept
      : array_(&elements), size_(static_cast<std::uint32_t>(elements.size())), kind_(Kind::array) {}
  Value(const Value* elements, std::size_t count) noexcept
      : list_(elements), size_(static_cast<std::uint32_t>(count)), kind_(Kind::list) {}
  explicit Value(const json::object& members) noexcept : object_(&members), kind_(Kind::object) {}
  explicit Value(const Pair& pair) noexcept : pair_(&pair), kind_(Kind::pair) {}
  explicit Value(const Root& root) noexcept : root_(&root), kind_(Kind::root) {}
  /// Refers to `json`, which must outlive it.
  [[nodiscard]] static Value of(const json::value& json) noexcept;

  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  [[nodiscard]] bool is_nothing() const noexcept { return kind_ <= Kind::null; }  ///< undefined or null
  [[nodiscard]] bool is_undefined() const noexcept { return kind_ == Kind::undefined; }
  [[nodiscard]] bool is_boolean() const noexcept { return kind_ == Kind::boolean; }
  [[nodiscard]] bool is_number() const noexcept { return kind_ == Kind::number; }
  [[nodiscard]] bool is_text() const noexcept { return kind_ == Kind::text; }
  [[nodiscard]] bool is_array() const noexcept { return kind_ == Kind::array || kind_ == Kind::list; }
  [[nodiscard]] bool is_root() const noexcept { return kind_ == Kind::root; }

  [[nodiscard]] bool boolean() const noexcept { return boolean_; }
  [[nodiscard]] double number() const noexcept { return number_; }
  [[nodiscard]] std::string_view text() const noexcept { return {text_, size_}; }
  [[nodiscard]] const Root& root() const noexcept { return *root_; }  ///< of a root and of its `$flagd`
  [[nodiscard]] const json::object& object() const noexcept { return *object_; }  ///< of an object of JSON
  /// Elements of an array.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] Value at(std::size_t index) const noexcept {
    return kind_ == Kind::list ? list_[index] : of((*array_)[index]);
  }
  /// Whether an element is `===` to `sought`.
  [[nodiscard]] bool contains(const Value& sought) const noexcept;
  /// The member of an object, the element or `length` of an array; undefined without one. Of texts only
  /// `length`: see `character`.
  [[nodiscard]] Value member(std::string_view name) const noexcept;

  /// `===`: arrays and objects are equal only to themselves.
  friend bool strict_equal(const Value& a, const Value& b) noexcept;

 private:
  explicit Value(Kind kind) noexcept : kind_(kind) {}
  [[nodiscard]] static Value flagd(const Root& root) noexcept {
    Value out(root);
    out.kind_ = Kind::flagd;
    return out;
  }
  [[nodiscard]] Value root_member(std::string_view name) const noexcept;

  union {
    bool boolean_;
    double number_;
    const char* text_;
    const json::array* array_;
    const Value* list_;
    const json::object* object_;
    const Pair* pair_;
    const Root* root_ = nullptr;
  };
  std::uint32_t size_ = 0;
  Kind kind_ = Kind::undefined;
};
static_assert(sizeof(Value) == 16);

struct Pair {
  Value current;
  Value accumulator;
};

/// `===`: see Value.
[[nodiscard]] bool strict_equal(const Value& a, const Value& b) noexcept;

/// The index of an array element with this name ("0", "17"), or npos.
[[nodiscard]] std::size_t element_index(std::string_view name) noexcept;

}  // namespace togglecast::domain::evaluation
