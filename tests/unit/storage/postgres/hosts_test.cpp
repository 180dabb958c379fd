#include "storage/postgres/connection/hosts.hpp"

#include <gtest/gtest.h>

namespace togglecast::storage::postgres {
namespace {

Result<names::Addresses> two(const std::string& host) {
  if (host == "gone") return fail(Errc::unavailable, "no such name");
  if (host == "db") return names::Addresses{"192.0.2.7", "2001:db8::7"};
  return names::Addresses{host};
}

TEST(PostgresHosts, NameEachAddressWithItsHostAndPort) {
  const auto found = find_hosts("db,192.0.2.1,/run/pg", "5432,5433,", two).value();

  EXPECT_EQ(found.host, "db,db,192.0.2.1,/run/pg");
  EXPECT_EQ(found.hostaddr, "192.0.2.7,2001:db8::7,192.0.2.1,");
  EXPECT_EQ(found.port, "5432,5432,5433,");
}

TEST(PostgresHosts, OnePortIsThatOfAll) {
  const auto found = find_hosts("db", "6432", two).value();

  EXPECT_EQ(found.hostaddr, "192.0.2.7,2001:db8::7");
  EXPECT_EQ(found.port, "6432,6432");
}

TEST(PostgresHosts, AHostWithoutAnAddressIsLeftOutUnlessThereIsNoOther) {
  EXPECT_EQ(find_hosts("gone,db", "", two).value().host, "db,db");
  const auto none = find_hosts("gone", "", two);
  ASSERT_FALSE(none.has_value());
  EXPECT_EQ(none.error().message, "no such name");
}

TEST(PostgresHosts, WithoutANameLibpqNeedsNoHelp) {
  for (const auto* sockets : {"", "/run/pg", "/a,/b"})
    EXPECT_EQ(find_hosts(sockets, "", two).value().hostaddr, "");
  EXPECT_EQ(find_hosts("db,db", "1,2,3", two).value().host, "") << "libpq refuses that";
}

}  // namespace
}  // namespace togglecast::storage::postgres
