#include "egress/url.hpp"

#include <curl/urlapi.h>

#include <algorithm>
#include <memory>

namespace togglecast::egress {
namespace {

struct FreeUrl {
  void operator()(CURLU* url) const noexcept { curl_url_cleanup(url); }
  void operator()(char* text) const noexcept { curl_free(text); }
};

std::string part_of(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return {};
  const std::unique_ptr<char, FreeUrl> owned(text);
  return owned.get();
}

tl::unexpected<Error> refused(const std::string& why) {
  return fail(Errc::invalid_argument, "the URL " + why);
}

}  // namespace

Result<Url> parse_url(std::string_view text) {
  if (text.size() > kMaxUrl) return refused("is longer than " + std::to_string(kMaxUrl) + " bytes");
  if (!std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; }))
    return refused("may have visible ASCII characters only");
  const std::unique_ptr<CURLU, FreeUrl> url(curl_url());
  if (url == nullptr) return fail(Errc::unavailable, "out of memory");
  if (curl_url_set(url.get(), CURLUPART_URL, std::string(text).c_str(), 0) != CURLUE_OK)
    return refused("cannot be read; it must look like https://host/path");
  Url read;
  const std::string scheme = part_of(url.get(), CURLUPART_SCHEME);
  if (scheme != "https" && scheme != "http") return refused("must begin with https://");
  read.plain = scheme == "http";
  if (!part_of(url.get(), CURLUPART_USER).empty() || !part_of(url.get(), CURLUPART_PASSWORD).empty())
    return refused("must not have a user or password");
  if (text.find('#') != std::string_view::npos) return refused("must not have a fragment");
  if (!part_of(url.get(), CURLUPART_ZONEID).empty()) return refused("must not have a zone");
  read.host = part_of(url.get(), CURLUPART_HOST);
  std::transform(read.host.begin(), read.host.end(), read.host.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (read.host.size() > 2 && read.host.front() == '[') read.host = read.host.substr(1, read.host.size() - 2);
  if (read.host.empty()) return refused("must have a host");
  read.address = parse_address(read.host);
  read.server = read.host + ':' + part_of(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  read.text = part_of(url.get(), CURLUPART_URL);
  return read;
}

}  // namespace togglecast::egress
