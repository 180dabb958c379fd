// The web console: files that CMake embeds into the program (cmake/console.cmake), with the headers that
// browsers need. Names below `/assets/` carry a hash of their content, so browsers keep those files for good.
// Every other path that a browser opens as a page gets index.html, and the script there shows what belongs to
// the path. Thread rule: immutable after construction; any thread may ask.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "wire/http/message.hpp"

namespace togglecast::http_api {

struct ConsoleFile {
  std::string_view path;          ///< `/index.html`, `/assets/index-Bx1.js`
  std::string_view plain;         ///< its bytes; they live as long as the program
  std::string_view gzip, brotli;  ///< the same, compressed; empty: that would not be smaller
};

/// The embedded files; none in a program that was built without the console.
[[nodiscard]] std::span<const ConsoleFile> console_files() noexcept;

class Console {
 public:
  explicit Console(std::span<const ConsoleFile> files);

  [[nodiscard]] bool empty() const noexcept { return index_ == nullptr; }
  /// The page itself, whatever the path says: for GET and HEAD of `/`.
  [[nodiscard]] std::optional<wire::http::Response> answer_index(const wire::http::Request& request) const;
  /// The answer to GET or HEAD of a file, or of a path that a browser opens as a page. Nothing: the request
  /// is not for the console.
  [[nodiscard]] std::optional<wire::http::Response> answer(const wire::http::Request& request) const;

 private:
  struct Served {
    const ConsoleFile* file = nullptr;
    std::string tag;  // without quotes
  };

  std::unordered_map<std::string_view, Served> files_;
  const Served* index_ = nullptr;

  [[nodiscard]] static wire::http::Response serve(const Served& served, const wire::http::Request& request);
};

/// The console of this program; null if it was built without one.
[[nodiscard]] const Console* embedded_console();

}  // namespace togglecast::http_api
