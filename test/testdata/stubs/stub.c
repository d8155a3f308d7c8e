// Prints the addresses of a name, or the name of an IPv4 address, by the C
// library.
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
	struct sockaddr_in sin = {.sin_family = AF_INET};
	// AI_ADDRCONFIG is not set: with it, a host without IPv6 does not ask for AAAA.
	struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *list;
	char host[NI_MAXHOST];
	int err;

	if (argc != 2)
		return 2;
	if (inet_pton(AF_INET, argv[1], &sin.sin_addr) == 1) {
		err = getnameinfo((struct sockaddr *)&sin, sizeof sin, host, sizeof host, NULL, 0, NI_NAMEREQD);
		puts(err ? gai_strerror(err) : host);
		return 0;
	}
	if ((err = getaddrinfo(argv[1], NULL, &hints, &list))) {
		puts(gai_strerror(err));
		return 0;
	}
	for (struct addrinfo *ai = list; ai; ai = ai->ai_next) {
		getnameinfo(ai->ai_addr, ai->ai_addrlen, host, sizeof host, NULL, 0, NI_NUMERICHOST);
		puts(host);
	}
	return 0;
}
