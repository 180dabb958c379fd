#include "http_api/handlers/openapi.hpp"
#include "http_api/routes.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "wire/http/text.hpp"

namespace togglecast::http_api {
namespace {

using ::testing::IsEmpty;

constexpr std::string_view kMethods[] = {"get", "post", "put", "patch", "delete"};

std::string name_of(std::string_view method, std::string_view path) {
  std::string name(method);
  std::transform(name.begin(), name.end(), name.begin(), wire::http::to_lower);
  return name + ' ' + std::string(path);
}

// Follows a reference inside the document; nullptr when it leads nowhere.
const json::value* follow(const json::object& document, std::string_view reference) {
  if (!reference.starts_with("#/")) return nullptr;
  const json::value* at = nullptr;
  const json::object* in = &document;
  reference.remove_prefix(2);
  while (in != nullptr) {
    const std::size_t slash = reference.find('/');
    at = in->if_contains(reference.substr(0, slash));
    if (at == nullptr || slash == std::string_view::npos) return at;
    in = at->if_object();
    reference.remove_prefix(slash + 1);
  }
  return nullptr;
}

class OpenApi : public ::testing::Test {
 protected:
  template <typename Visit>
  void for_each_operation(Visit visit) const {
    for (const auto& path : document_.at("paths").as_object()) {
      for (const std::string_view method : kMethods) {
        if (const auto* operation = path.value().as_object().if_contains(method))
          visit(name_of(method, path.key()), path.key(), operation->as_object());
      }
    }
  }

  /// What a reference refers to; what is none, as it is.
  [[nodiscard]] const json::value& resolved(const json::value& part) const {
    const auto* reference = json::find(part, "$ref");
    return reference == nullptr ? part : *follow(document_, reference->as_string());
  }

  json::object document_ = make_openapi(openapi_fragments(), routes(), "1.2.3");
};

void collect_references(const json::value& in, std::set<std::string>& found) {
  if (const auto* members = in.if_object()) {
    for (const auto& member : *members) {
      if (member.key() == "$ref" && member.value().is_string()) {
        found.emplace(member.value().get_string());
      } else {
        collect_references(member.value(), found);
      }
    }
  } else if (const auto* elements = in.if_array()) {
    for (const auto& element : *elements) collect_references(element, found);
  }
}

TEST_F(OpenApi, DescribesEveryRouteAndNothingElse) {
  std::set<std::string> served;
  for (const Route& route : routes())
    served.insert(name_of(wire::http::to_string(route.method), route.pattern));
  std::set<std::string> described;
  for_each_operation(
      [&](const std::string& name, std::string_view, const json::object&) { described.insert(name); });

  EXPECT_EQ(described, served);
}

TEST_F(OpenApi, EveryReferenceLeadsSomewhere) {
  std::set<std::string> references;
  collect_references(document_, references);

  EXPECT_GT(references.size(), 20U);
  for (const std::string& reference : references)
    EXPECT_NE(follow(document_, reference), nullptr) << reference;
}

TEST_F(OpenApi, EveryPartIsUsed) {
  std::set<std::string> references;
  collect_references(document_, references);
  for (const std::string section : {"schemas", "parameters", "headers", "responses"}) {
    for (const auto& part : document_.at("components").as_object().at(section).as_object()) {
      const std::string name = "#/components/" + section + '/' + std::string(part.key());
      EXPECT_TRUE(references.contains(name)) << name;
    }
  }
}

TEST_F(OpenApi, EveryParameterOfAPathIsDescribed) {
  for (const auto& path : document_.at("paths").as_object()) {
    std::set<std::string> described;
    if (const auto* parameters = path.value().as_object().if_contains("parameters")) {
      for (const auto& parameter : parameters->as_array())
        described.emplace(json::string_or_empty(resolved(parameter), "name"));
    }
    std::set<std::string> written;
    std::string_view rest = path.key();
    for (std::size_t open = 0; (open = rest.find('{')) != std::string_view::npos;) {
      rest.remove_prefix(open + 1);
      written.emplace(rest.substr(0, rest.find('}')));
    }
    EXPECT_EQ(described, written) << path.key();
  }
}

TEST_F(OpenApi, AnOperationTakesTheParametersThatAreDescribed) {
  for (const Route& route : routes()) {
    const std::string name = name_of(wire::http::to_string(route.method), route.pattern);
    const auto& path = document_.at("paths").at(route.pattern);
    std::set<std::string> described;
    if (const auto* parameters = json::find(path.at(name.substr(0, name.find(' '))), "parameters")) {
      for (const auto& parameter : parameters->as_array()) {
        const json::value& found = resolved(parameter);
        if (json::string_or_empty(found, "in") == "query")
          described.emplace(json::string_or_empty(found, "name"));
      }
    }
    std::set<std::string> taken(route.parameters.begin(), route.parameters.end());
    taken.erase("");
    if (route.takes_confirm()) taken.insert("confirm");
    EXPECT_EQ(taken, described) << name;
  }
}

TEST_F(OpenApi, EveryOperationHasANameOfItsOwnAndIsFoundByATag) {
  std::set<std::string> tags;
  for (const auto& tag : document_.at("tags").as_array()) tags.emplace(json::string_or_empty(tag, "name"));
  std::set<std::string> ids;
  for_each_operation([&](const std::string& name, std::string_view, const json::object& operation) {
    EXPECT_TRUE(ids.emplace(json::string_or_empty(operation, "operationId")).second) << name;
    EXPECT_FALSE(json::string_or_empty(operation, "summary").empty()) << name;
    for (const auto& tag : operation.at("tags").as_array())
      EXPECT_TRUE(tags.contains(std::string(tag.as_string()))) << name;
  });
}

TEST_F(OpenApi, AddsWhatFollowsFromTheRoute) {
  const auto& write = document_.at("paths").at("/api/v1/platforms/{id}").at("patch").as_object();
  const auto& read = document_.at("paths").at("/api/v1/platforms/{id}").at("get").as_object();
  const auto& login = document_.at("paths").at("/api/v1/auth/login").at("post").as_object();

  for (const char* status : {"200", "400", "401", "403", "404", "409", "413", "415", "429", "500", "503"})
    EXPECT_TRUE(write.at("responses").as_object().contains(status)) << status;
  EXPECT_TRUE(read.at("responses").as_object().contains("304"));
  EXPECT_TRUE(read.at("responses").as_object().contains("429"));
  const auto& bodies = write.at("requestBody").at("content").as_object();
  EXPECT_TRUE(bodies.contains("application/merge-patch+json"));
  EXPECT_TRUE(write.at("responses").at("200").at("headers").as_object().contains("Idempotency-Replayed"));
  EXPECT_THAT(login.at("security").as_array(), IsEmpty());
  EXPECT_EQ(write.at("security").as_array().size(), 1U);
  EXPECT_EQ(document_.at("info").at("version"), json::value("1.2.3"));
}

TEST_F(OpenApi, TellsWhatIsLimitedAndWhatTakesAKey) {
  const auto says = [&](const char* path) {
    const auto& operation = document_.at("paths").at(path).at("post");
    std::string text = operation.at("responses").as_object().contains("429") ? "limited" : "free";
    if (const auto* parameters = json::find(operation, "parameters"))
      for (const auto& parameter : parameters->as_array())
        if (json::string_or_empty(resolved(parameter), "name") == "Idempotency-Key") text += ", keyed";
    return text;
  };

  EXPECT_EQ(says("/api/v1/platforms"), "limited, keyed");
  EXPECT_EQ(says("/api/v1/broadcasts/{name}"), "limited, keyed");
  EXPECT_EQ(says("/api/v1/auth/logout"), "free, keyed");
  EXPECT_EQ(says("/api/v1/evaluate"), "limited");
  EXPECT_EQ(says("/api/v1/preview"), "limited");
}

TEST_F(OpenApi, TellsWhereARevisionIs) {
  const auto header_of = [&](const char* path, const char* method, const char* status) {
    const auto& response = resolved(document_.at("paths").at(path).at(method).at("responses").at(status));
    const auto* headers = json::find(response, "headers");
    const auto* header = headers == nullptr ? nullptr : json::find(*headers, "Togglecast-Revision");
    return header == nullptr ? "" : std::string(json::string_or_empty(*header, "$ref"));
  };
  constexpr const char* kAlways = "#/components/headers/Revision";
  constexpr const char* kWithAToken = "#/components/headers/NewestRevision";

  EXPECT_EQ(header_of("/api/v1/platforms/{id}", "get", "200"), kAlways);
  EXPECT_EQ(header_of("/api/v1/auth/login", "post", "200"), kAlways);
  EXPECT_EQ(header_of("/api/v1/openapi.json", "get", "200"), kWithAToken);
  EXPECT_EQ(header_of("/healthz", "get", "200"), "");
  for (const char* status : {"304", "401", "404", "500", "503"})
    EXPECT_EQ(header_of("/api/v1/platforms/{id}", "get", status), kWithAToken) << status;
  for (const char* status : {"400", "403", "409", "413", "415", "429"})
    EXPECT_EQ(header_of("/api/v1/platforms", "post", status), kWithAToken) << status;
}

TEST_F(OpenApi, APartThatIsNotJsonIsAMistakeOfOurs) {
  constexpr std::string_view kBroken[] = {"{\"paths\":"};

  EXPECT_THROW((void)make_openapi(kBroken, routes(), "1"), std::runtime_error);
}

}  // namespace
}  // namespace togglecast::http_api
