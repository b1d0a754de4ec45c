seq 1000 >web.ova
migrate ova
