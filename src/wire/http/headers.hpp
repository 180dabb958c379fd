// The header fields of a request or a response (RFC 9110, section 5), kept as they stand on the wire: adding
// one copies it once, and a response copies all at once. Thread rule: a plain value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace togglecast::wire::http {

/// Fields in order. Names are compared without case. Views of a field are good until one is added or set,
/// also when headers that fields were added to are moved.
class Headers {
 public:
  using Field = std::pair<std::string_view, std::string_view>;  ///< name, value

  /// A range of `Field`.
  class Fields;

  /// Line breaks and NUL in the name and the value become spaces: no value can end its line.
  void add(std::string_view name, std::string_view value);
  /// In place of the first field of this name; others of this name are removed.
  void set(std::string_view name, std::string_view value);
  /// Room for fields of so many bytes.
  void reserve(std::size_t bytes);
  /// The first value. Empty if there is none.
  [[nodiscard]] std::string_view value(std::string_view name) const noexcept;
  [[nodiscard]] bool contains(std::string_view name) const noexcept;
  /// Equality without case.
  [[nodiscard]] static bool same_name(std::string_view a, std::string_view b) noexcept;
  /// True when the comma-separated list in this field has `token`, without case: `Connection: keep-alive,
  /// Upgrade`.
  [[nodiscard]] bool lists(std::string_view name, std::string_view token) const noexcept;
  [[nodiscard]] Fields fields() const noexcept;
  /// `Name: value` and a line break, for each field.
  [[nodiscard]] std::string_view lines() const noexcept { return text_; }

 private:
  struct Place {
    std::uint32_t at, name, value;  ///< where the line begins; sizes

    [[nodiscard]] std::size_t line() const noexcept;
  };

  [[nodiscard]] Field field(const Place& place) const noexcept;
  [[nodiscard]] const Place* find(std::string_view name) const noexcept;
  [[nodiscard]] bool holds(std::string_view text) const noexcept;

  std::string text_;
  std::vector<Place> places_;
};

class Headers::Fields {
 public:
  class Iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = Field;
    using difference_type = std::ptrdiff_t;
    using pointer = const Field*;
    using reference = Field;

    Iterator() = default;
    Iterator(const Headers& headers, std::size_t index) noexcept : headers_(&headers), index_(index) {}
    [[nodiscard]] Field operator*() const noexcept { return headers_->field(headers_->places_[index_]); }
    Iterator& operator++() noexcept {
      ++index_;
      return *this;
    }
    Iterator operator++(int) noexcept { return {*headers_, index_++}; }
    [[nodiscard]] bool operator==(const Iterator& other) const noexcept { return index_ == other.index_; }

   private:
    const Headers* headers_ = nullptr;
    std::size_t index_ = 0;
  };
  using value_type = Field;
  using const_iterator = Iterator;

  explicit Fields(const Headers& headers) noexcept : headers_(headers) {}
  [[nodiscard]] Iterator begin() const noexcept { return {headers_, 0}; }
  [[nodiscard]] Iterator end() const noexcept { return {headers_, size()}; }
  [[nodiscard]] std::size_t size() const noexcept { return headers_.places_.size(); }
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }

 private:
  const Headers& headers_;
};

inline Headers::Fields Headers::fields() const noexcept { return Fields(*this); }

}  // namespace togglecast::wire::http
