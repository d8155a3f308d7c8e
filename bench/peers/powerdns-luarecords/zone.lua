$TTL 3600
$ORIGIN lab.example.org.
@ SOA ns.example.net. hostmaster.example.net. 1 7200 1800 86400 3600
@ NS ns.example.net.
* LUA A "createForward()"
