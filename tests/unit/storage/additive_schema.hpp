// The rule of migrations (decision 0045): during a rolling upgrade, servers of the version before work on the
// schema of the next one. So a step only adds: tables, indexes, and columns that have a default.
#pragma once

#include <algorithm>
#include <cctype>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

namespace togglecast::storage::testing {

/// What in a migration step a server of the version before would stumble over; empty: nothing.
inline std::vector<std::string> not_additive(std::string_view step) {
  std::string sql(step);
  sql = std::regex_replace(sql, std::regex("--[^\n]*"), "");
  std::transform(sql.begin(), sql.end(), sql.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  sql = std::regex_replace(sql, std::regex("\\s+"), " ");
  std::vector<std::string> own;  // tables that the step makes for itself
  const std::regex temporary("create temp(?:orary)? table (\\w+)");
  for (auto it = std::sregex_iterator(sql.begin(), sql.end(), temporary); it != std::sregex_iterator(); ++it)
    own.push_back((*it)[1]);
  std::vector<std::string> found;
  const auto look = [&](const char* pattern, const char* what) {
    const std::regex wanted(pattern);
    for (auto it = std::sregex_iterator(sql.begin(), sql.end(), wanted); it != std::sregex_iterator(); ++it)
      if (std::find(own.begin(), own.end(), (*it)[1].str()) == own.end())
        found.push_back(what + std::string(" ") + (*it)[1].str());
  };
  look("drop table (?:if exists )?([\\w.]+)", "drops");
  look("drop column (?:if exists )?(\\w+)", "drops the column");
  look("rename (?:column |to )?(\\w+)", "renames");
  look("alter column (\\w+) (?:set not null|drop default|type|set data type)", "alters the column");
  look("add constraint (\\w+)", "adds the constraint");
  look("create unique index (\\w+)", "forbids by the index");
  const std::regex column("add column (?:if not exists )?(\\w+)([^;,]*)");
  for (auto it = std::sregex_iterator(sql.begin(), sql.end(), column); it != std::sregex_iterator(); ++it) {
    const std::string rest = (*it)[2];
    if (rest.find("not null") != std::string::npos && rest.find("default") == std::string::npos)
      found.push_back("adds a column without a default: " + (*it)[1].str());
  }
  return found;
}

}  // namespace togglecast::storage::testing
