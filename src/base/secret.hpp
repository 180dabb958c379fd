// A password, token or key inside the program. It has no operator<<, converts to no other type, and does not
// compile as a field of the log: only code that calls `reveal()` can print it. The destructor wipes its
// memory. Thread rule: a plain value.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace togglecast {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) noexcept : text_(std::move(text)) {}
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept : text_(std::move(other.text_)) { other.wipe(); }
  Secret& operator=(const Secret& other);
  Secret& operator=(Secret&& other) noexcept;
  ~Secret() { wipe(); }

  [[nodiscard]] const std::string& reveal() const noexcept { return text_; }
  [[nodiscard]] bool empty() const noexcept { return text_.empty(); }

 private:
  void wipe() noexcept;

  std::string text_;
};

/// Compares in a time that depends only on the lengths.
[[nodiscard]] bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept;

}  // namespace togglecast
