// Finds the end of a request's header block. The block may arrive in pieces; each byte is read once.
// Thread rule: one per connection.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace togglecast::wire::http {

class HeaderScanner {
 public:
  enum class State { need_more, complete, malformed };

  /// `block` begins where the request begins and has grown since the last call.
  [[nodiscard]] State scan(std::string_view block);
  /// Of a complete block, the empty line included.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// Why the block is malformed.
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }
  [[nodiscard]] bool in_request_line() const noexcept { return line_start_ == 0; }
  void reset() { *this = {}; }

 private:
  [[nodiscard]] State fail(std::size_t byte, std::string_view what);

  std::size_t scanned_ = 0;
  std::size_t line_start_ = 0;
  std::size_t size_ = 0;
  std::string problem_;
};

}  // namespace togglecast::wire::http
