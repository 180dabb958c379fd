// docs/security.md shows the table of permissions against every route and every event. TOGGLECAST_REWRITE=1
// in the environment of this test writes it; tests/e2e/product/permissions.test.mjs tries all of it.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "auth/roles.hpp"
#include "http_api/request/route.hpp"
#include "http_api/routes.hpp"
#include "realtime/protocol/events.hpp"

namespace togglecast::app {
namespace {

using auth::Action;
using auth::Duty;
using domain::Role;
using domain::Scope;
using domain::Standing;
using realtime::event::Request;

constexpr std::string_view kBegin = "<!-- permissions: begin -->\n";
constexpr std::string_view kEnd = "<!-- permissions: end -->\n";

std::string cell(bool allowed, std::string_view mark = "✓") {
  return allowed ? " " + std::string(mark) + " |" : "  |";
}

std::string header() {
  std::string names = "| | action | nobody | client | viewer | editor | owner here | owner |";
  std::string line = "|---|---|---|---|---|---|---|---|";
  for (const Scope scope : domain::kAllScopes) {
    names += " " + std::string(to_string(scope)) + " |";
    line += "---|";
  }
  return names + " first password | no factor |\n" + line + "---|---|\n";
}

std::string role_cells(Action action) {
  return cell(auth::allows(Role::viewer, action)) + cell(auth::allows(Role::editor, action)) +
         cell(auth::allows(Standing(Role::owner, false), action)) + cell(auth::allows(Role::owner, action));
}

// Of an owner who must do something else first.
std::string duty_cells(Action action) {
  std::string cells;
  for (const Duty duty : {Duty::new_password, Duty::second_factor})
    cells += cell(auth::allows(Role::owner, action) && auth::allows(duty, action));
  return cells;
}

std::string row_of(const http_api::Route& route) {
  std::string row =
      "| " + std::string(wire::http::to_string(route.method)) + " " + std::string(route.pattern) + " |";
  if (!route.action) {
    row += " |";
    for (std::size_t i = 0; i < 8 + domain::kAllScopes.size(); ++i) row += cell(true);
    return row + "\n";
  }
  row += " " + std::string(auth::permission(*route.action).name) + " |" + cell(false) +
         cell(auth::permission(*route.action).clients) + role_cells(*route.action);
  for (const Scope scope : domain::kAllScopes) row += cell(auth::allows({scope}, *route.action));
  return row + duty_cells(*route.action) + "\n";
}

std::string row_of(std::string_view nsp, const Request& request) {
  const Action action = *request.action;
  const bool admin = nsp == realtime::event::kAdmin;
  std::string row = "| " + std::string(nsp) + " " + std::string(request.name) + " | " +
                    std::string(auth::permission(action).name) + " |" + cell(false);
  if (!admin) {
    row += cell(auth::permission(action).clients);
    for (std::size_t i = 0; i < 6 + domain::kAllScopes.size(); ++i) row += cell(false);
    return row + "\n";
  }
  row += cell(false) + role_cells(action);
  for (const Scope scope : domain::kAllScopes)
    row += cell(auth::allows({scope}, action), scope == Scope::stream ? "✓" : "+");
  return row + duty_cells(action) + "\n";
}

std::string tables() {
  std::string text = "### Routes\n\n" + header();
  for (const auto& route : http_api::routes()) text += row_of(route);
  text += "\n### Events\n\n" + header();
  for (const Request& request : realtime::event::kAdminRequests)
    text += row_of(realtime::event::kAdmin, request);
  for (const Request& request : realtime::event::kClientRequests)
    text += row_of(realtime::event::kClient, request);
  return text;
}

TEST(PermissionTable, TheDocumentShowsTheTableInTheCode) {
  const std::string path = std::string(TOGGLECAST_SOURCE_DIR) + "/docs/security.md";
  std::ostringstream read;
  read << std::ifstream(path).rdbuf();
  std::string text = read.str();
  const std::size_t begin = text.find(kBegin);
  const std::size_t end = text.find(kEnd);
  ASSERT_TRUE(begin != std::string::npos && end != std::string::npos && begin < end) << path;
  const std::size_t first = begin + kBegin.size();

  if (std::getenv("TOGGLECAST_REWRITE") != nullptr) {
    text.replace(first, end - first, tables());
    std::ofstream(path) << text;
    return;
  }
  EXPECT_TRUE(text.substr(first, end - first) == tables())
      << "docs/security.md differs from the table in the code; run this test with TOGGLECAST_REWRITE=1";
}

}  // namespace
}  // namespace togglecast::app
