// The values of a statement's parameters $1, $2, …, in PostgreSQL's binary form, so nothing is ever quoted.
// Thread rule: a plain value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace togglecast::storage::postgres {

class Parameters {
 public:
  struct Value {
    unsigned type = 0;  ///< PostgreSQL's number of the type
    std::string bytes;
  };

  Parameters& add(std::int64_t number);
  /// A text of PostgreSQL has no NUL: a space stands in its place.
  Parameters& add(std::string_view text);
  Parameters& add_bytes(std::string_view bytes);
  Parameters& add(const std::vector<std::int64_t>& numbers);
  Parameters& add(const std::vector<std::string_view>& texts);

  [[nodiscard]] const std::vector<Value>& values() const noexcept { return values_; }

 private:
  std::vector<Value> values_;
};

}  // namespace togglecast::storage::postgres
