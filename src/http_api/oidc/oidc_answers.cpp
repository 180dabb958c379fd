#include "http_api/oidc/oidc_answers.hpp"

#include "base/base64.hpp"
#include "base/digest.hpp"
#include "http_api/request/call.hpp"
#include "http_api/request/problem.hpp"
#include "http_api/sessions/cookies.hpp"

namespace togglecast::http_api {
namespace {

constexpr std::string_view kOidcStyle = R"css(
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5b6777; --page: #f6f7f9; --card: #fff; --line: #dde2e9; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e9f0; --soft: #98a5b6; --page: #12161c; --card: #1a2029;
  --line: #2c3541; } }
body { margin: 0; padding: 3rem 1.25rem; background: var(--page); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif; }
main { max-width: 36rem; margin: 0 auto; padding: 1.5rem 1.75rem; background: var(--card);
  border: 1px solid var(--line); border-radius: 10px; }
h1 { margin: 0 0 .75rem; font-size: 1.25rem; }
p { margin: 0 0 1rem; }
small { color: var(--soft); }
a { color: inherit; }
)css";

std::string in_html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else {
      out += c;
    }
  }
  return out;
}

std::string page_policy() {
  const Sha256 digest = sha256(kOidcStyle);
  const std::string_view bytes(reinterpret_cast<const char*>(digest.data()), digest.size());
  return "default-src 'none'; style-src 'sha256-" + base64_encode(bytes) +
         "'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
}

std::string page_of(const Error& error, std::string_view request_id) {
  std::string page = R"html(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Login failed</title>
<link rel="icon" href="data:,">
<style>)html";
  page += kOidcStyle;
  page += "</style>\n</head>\n<body>\n<main>\n<h1>The login failed</h1>\n<p>" + in_html(error.message) +
          ".</p>\n<p><a href=\"" + std::string(kOidcPath) + "/login\">Try again</a></p>\n<small>Request " +
          in_html(request_id) + "</small>\n</main>\n</body>\n</html>\n";
  return page;
}

}  // namespace

bool wants_json(const wire::http::Request& request) {
  const std::string_view accept = request.headers.value("Accept");
  return accept.find("application/json") != std::string_view::npos && !wants_page(request);
}

bool wants_page(const wire::http::Request& request) {
  return request.headers.value("Accept").find("text/html") != std::string_view::npos;
}

void refuse_login(const CallPtr& call, const Error& error, std::string_view cookie) {
  wire::http::Response response = problem(error, call->request_id());
  if (!cookie.empty()) response.headers.add("Set-Cookie", cookie_field(*call, {cookie, {}, {}, kOidcPath}));
  if (wants_page(call->request())) {
    static const std::string policy = page_policy();
    response.headers.set("Content-Type", "text/html; charset=utf-8");
    response.headers.add("Content-Security-Policy", policy);
    response.body = page_of(error, call->request_id());
  }
  response.headers.add("Referrer-Policy", "no-referrer");
  call->respond(std::move(response), to_string(error.code));
}

}  // namespace togglecast::http_api
