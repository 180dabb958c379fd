#include "http_api/console/console.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/base64.hpp"
#include "base/digest.hpp"
#include "wire/http/entity_tags.hpp"
#include "wire/http/gzip.hpp"

namespace togglecast::http_api {
namespace {

using wire::http::Method;

constexpr std::string_view kIndex = "/index.html";
constexpr std::string_view kHashed = "/assets/";
constexpr std::size_t kConsoleTagBytes = 12;

// Nothing inline, and nothing from anywhere else. The console sets styles by script alone, which needs no
// exception.
constexpr std::string_view kConsolePolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

// Paths of programs: a browser that opens an unknown one of them gets an error, and not the console.
constexpr std::array<std::string_view, 8> kOfPrograms{"/api",   "/socket.io", "/engine.io", "/ofrep",
                                                      "/flagd", "/metrics",   "/healthz",   "/readyz"};

constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kConsoleTypes{{
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".ico", "image/x-icon"},
    {".json", "application/json"},
    {".webmanifest", "application/manifest+json"},
    {".woff2", "font/woff2"},
    {".txt", "text/plain; charset=utf-8"},
}};

std::string_view console_type_of(std::string_view path) {
  for (const auto& [ending, type] : kConsoleTypes)
    if (path.ends_with(ending)) return type;
  return "application/octet-stream";
}

std::string tag_of_bytes(std::string_view bytes) {
  const Sha256 digest = sha256(bytes);
  return base64url_encode({reinterpret_cast<const char*>(digest.data()), kConsoleTagBytes});
}

bool is_of_programs(std::string_view path) {
  return std::any_of(kOfPrograms.begin(), kOfPrograms.end(), [path](std::string_view prefix) {
    return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
  });
}

// A browser that opens an address says that it wants a page; a program does not.
bool opens_page(const wire::http::Request& request) {
  return request.headers.value("Accept").find("text/html") != std::string_view::npos;
}

bool browser_has(const wire::http::Request& request, std::string_view tag) {
  const std::string_view field = request.headers.value("If-None-Match");
  if (field.empty()) return false;
  const auto known = wire::http::parse_entity_tags(field);
  if (!known) return false;
  return known->any || std::any_of(known->tags.begin(), known->tags.end(), [tag](const auto& one) {
           return wire::http::same_but_for_coding(one, tag);
         });
}

}  // namespace

Console::Console(std::span<const ConsoleFile> files) {
  for (const ConsoleFile& file : files) files_.emplace(file.path, Served{&file, tag_of_bytes(file.plain)});
  const auto index = files_.find(kIndex);
  if (index != files_.end()) index_ = &index->second;
}

std::optional<wire::http::Response> Console::answer(const wire::http::Request& request) const {
  if (empty() || (request.method != Method::get && request.method != Method::head)) return std::nullopt;
  const std::string_view path = request.path;
  if (const auto found = files_.find(path); found != files_.end()) return serve(found->second, request);
  // A name with another hash is of another version: a page in its place would hide that.
  if (path.starts_with(kHashed) || is_of_programs(path) || !opens_page(request)) return std::nullopt;
  return serve(*index_, request);
}

std::optional<wire::http::Response> Console::answer_index(const wire::http::Request& request) const {
  if (empty()) return std::nullopt;
  return serve(*index_, request);
}

wire::http::Response Console::serve(const Served& served, const wire::http::Request& request) {
  const ConsoleFile& file = *served.file;
  const std::string_view accepted = request.headers.value("Accept-Encoding");
  std::string_view body = file.plain, coding;
  if (!file.brotli.empty() && wire::http::accepts_brotli(accepted)) {
    body = file.brotli;
    coding = "br";
  } else if (!file.gzip.empty() && wire::http::accepts_gzip(accepted)) {
    body = file.gzip;
    coding = "gzip";
  }
  wire::http::Response response;
  auto& headers = response.headers;
  headers.add("ETag", '"' + served.tag + (coding.empty() ? "" : "-") + std::string(coding) + '"');
  headers.add("Cache-Control",
              file.path.starts_with(kHashed) ? "public, max-age=31536000, immutable" : "no-cache");
  headers.add("Vary", "Accept-Encoding");
  headers.add("X-Content-Type-Options", "nosniff");
  headers.add("Referrer-Policy", "no-referrer");
  headers.add("Content-Security-Policy", kConsolePolicy);
  headers.add("Cross-Origin-Opener-Policy", "same-origin");
  if (browser_has(request, served.tag)) {
    response.status = 304;
    return response;
  }
  headers.add("Content-Type", console_type_of(file.path));
  if (!coding.empty()) headers.add("Content-Encoding", coding);
  response.body = body;
  return response;
}

const Console* embedded_console() {
  static const Console made(console_files());
  return made.empty() ? nullptr : &made;
}

}  // namespace togglecast::http_api
